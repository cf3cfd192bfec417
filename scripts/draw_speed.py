"""Draws accuracy against speed from what was measured.

Usage: `python scripts/draw_speed.py --help`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from tables.picture.drawing import draw_picture
from tables.picture.files import IMAGES, save_picture
from tables.picture.themes import THEMES
from tables.speed.contenders import collect_panels

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str]) -> None:
    """Draw the picture for light and for dark pages."""
    parser = argparse.ArgumentParser(
        description=f"Draw accuracy against reviews per second, from results/*.json, into {IMAGES}: "
        f"{' and '.join(THEMES)}."
    )
    parser.add_argument("--output-dir", metavar="DIR", type=Path, default=ROOT / IMAGES, help=f"(default: {IMAGES})")
    arguments = parser.parse_args(argv)
    panels = collect_panels(ROOT)
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise InputError("matplotlib is not installed; run pip install -e '.[train]'") from None
    for name, theme in THEMES.items():
        path = arguments.output_dir / name
        save_picture(draw_picture(panels, theme), panels, path)
        print(f"saved in {path}")


if __name__ == "__main__":
    run_command_line(main)
