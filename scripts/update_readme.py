"""Write the README's results, speed and tree from what is there: `python scripts/update_readme.py --help`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from readme.sections import WRITERS, update_sections

from hf_lstm.cli import EXIT_ERROR, run_command_line

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str]) -> None:
    """Write the README, or say that it would change."""
    parser = argparse.ArgumentParser(
        description=f"Write README.md's sections {', '.join(WRITERS)} from results/*.json and the modules' docstrings."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something would change")
    arguments = parser.parse_args(argv)
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    new = update_sections(old, ROOT)
    if new == old:
        return
    if arguments.check:
        print("README.md is not what the repository holds: run python scripts/update_readme.py", file=sys.stderr)
        sys.exit(EXIT_ERROR)
    path.write_text(new, encoding="utf-8")
    print(f"{path} is up to date now")


if __name__ == "__main__":
    run_command_line(main)
