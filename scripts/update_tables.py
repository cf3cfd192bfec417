"""Write the README's results, speed and tree from what is there: `python scripts/update_tables.py --help`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common import EXIT_ERROR, run_command_line
from tables.sections import WRITERS, update_sections
from tables.speed import find_missing_sections

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str]) -> None:
    """Write the README, or say that it would change."""
    parser = argparse.ArgumentParser(
        description=f"Write README.md's sections {', '.join(WRITERS)} from results/*.json and the modules' docstrings."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with 1 if something would change, or if the benchmark lacks a section",
    )
    arguments = parser.parse_args(argv)
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    new = update_sections(old, ROOT)
    if arguments.check:
        if complaints := list_complaints(is_current=new == old):
            print("\n".join(complaints), file=sys.stderr)
            sys.exit(EXIT_ERROR)
    elif new != old:
        path.write_text(new, encoding="utf-8")
        print(f"{path} is up to date now")


def list_complaints(*, is_current: bool) -> list[str]:
    """Return what is wrong with the README and the results that it is made of, a line each."""
    complaints = []
    if not is_current:
        complaints.append("README.md is not what the repository holds: run python scripts/update_tables.py")
    if missing := find_missing_sections(ROOT):
        complaints.append(
            f"results/benchmark.json lacks {', '.join(missing)}: run python scripts/benchmark.py with all sections"
        )
    return complaints


if __name__ == "__main__":
    run_command_line(main)
