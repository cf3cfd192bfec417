"""Serves a model as a web page.

Run `python app.py`, or `MODEL_ID=org/imdb-lstm python app.py`; `--help` lists settings.
"""

from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli import serve
from hf_lstm.cli.common.process import run_command_line

MODEL_FOLDER = Path(__file__).resolve().parent / "model"
"""Served unless MODEL or `MODEL_ID` names another."""


def main(argv: Sequence[str]) -> None:
    """Serve the page until stopped."""
    serve.main(argv, default_model=MODEL_FOLDER)


if __name__ == "__main__":
    run_command_line(main)
