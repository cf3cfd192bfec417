"""Serve a model as a web page: `python app.py`, or `MODEL_ID=org/imdb-lstm python app.py`; `--help` lists settings."""

import argparse
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common import run_command_line
from hf_lstm.errors import InputError

MODEL_FOLDER = Path(__file__).resolve().parent / "model"
"""What is served unless `MODEL_ID` names another."""
SETTINGS = """\
settings, all read from the environment:
  MODEL_ID            model folder, or Hub id such as org/imdb-lstm; a folder needs no network
                      (default: the folder `model` beside this file)
  HF_TOKEN            access token, for a private model
  GRADIO_SERVER_NAME  address to listen on (default: 127.0.0.1, this machine alone; Spaces set it)
  GRADIO_SERVER_PORT  port (default: the first free one from 7860 on)
  GRADIO_ROOT_PATH    the page's address as visitors know it, behind a proxy of your own
"""


def main(argv: Sequence[str]) -> None:
    """Load the model and serve the page until stopped."""
    argparse.ArgumentParser(
        description="Serve a saved model as a web page with an API.",
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(argv)
    model_id = find_model(os.environ.get("MODEL_ID", "").strip())
    server_port = read_port(os.environ.get("GRADIO_SERVER_PORT"))

    # Imported once the settings are known to be right, since it takes seconds.
    import torch

    try:
        from hf_lstm.demo.app import build_demo, launch_demo
        from hf_lstm.demo.figures import find_report_folder
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; run pip install 'hf-lstm[demo]'") from None
    from hf_lstm.devices import limit_kernel_cache
    from hf_lstm.model.classifier import LSTMSentiment

    limit_kernel_cache()
    torch.set_num_threads(1)  # texts are classified side by side: threads that wait for each other would slow all
    model = LSTMSentiment.from_pretrained(model_id, device="auto")
    card_id = None if Path(model_id).is_dir() else model_id
    demo = build_demo(model, model_id=card_id, report_folder=find_report_folder(model_id))
    try:
        print(f"serving {model_id} at {launch_demo(demo, server_port=server_port)}", flush=True)
        threading.Event().wait()  # until Ctrl-C or SIGTERM
    finally:
        demo.close(verbose=False)


def find_model(model_id: str) -> str:
    """Return the model that the environment asks for, else the one beside this file.

    Raises:
        InputError: there is neither.
    """
    if not model_id and not MODEL_FOLDER.is_dir():
        raise InputError("MODEL_ID is not set; set it to a model folder, or a Hub id such as org/imdb-lstm")
    return model_id or os.path.relpath(MODEL_FOLDER)


def read_port(text: str | None) -> int | None:
    """Return the port that the environment asks for, None if it leaves it open.

    Raises:
        InputError: it is no port.
    """
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise InputError(f"GRADIO_SERVER_PORT is {text!r}, expected a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    run_command_line(main)
