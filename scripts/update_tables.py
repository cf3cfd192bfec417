"""Writes the computed tables and figures of the pages.

Usage: `python scripts/update_tables.py --help`.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from hf_lstm.cli.common.process import EXIT_ERROR, run_command_line
from tables.pages import PAGES, update_page
from tables.picture.files import IMAGES, describe_panels, read_description
from tables.picture.themes import THEMES
from tables.speed.benchmark import find_missing_sections
from tables.speed.contenders import collect_panels

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str]) -> None:
    """Write the pages, or list the changes."""
    parser = argparse.ArgumentParser(
        description=f"Write the computed sections of {', '.join(PAGES)} from results/*.json and the package itself. "
        "The picture is drawn by scripts/draw_speed.py."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with 1 if something would change, if the picture shows other figures, or if the "
        "benchmark lacks a section",
    )
    arguments = parser.parse_args(argv)
    outdated = {}
    for name in PAGES:
        old = (ROOT / name).read_text(encoding="utf-8")
        new = update_page(name, old, ROOT)
        if new != old:
            outdated[name] = new
    if arguments.check:
        if complaints := list_complaints(outdated):
            print("\n".join(complaints), file=sys.stderr)
            sys.exit(EXIT_ERROR)
        return
    for name, new in outdated.items():
        (ROOT / name).write_text(new, encoding="utf-8")
        print(f"{name} is up to date now")


def list_complaints(outdated_pages: Iterable[str]) -> list[str]:
    """List the faults of pages, pictures and results, a line each.

    Pages and pictures are made of the results.
    """
    complaints = [
        f"{name} is not what the repository holds: run python scripts/update_tables.py" for name in outdated_pages
    ]
    complaints += [
        f"{path} does not show what was measured: run python scripts/draw_speed.py" for path in find_old_pictures()
    ]
    if missing := find_missing_sections(ROOT):
        complaints.append(
            f"results/benchmark.json lacks {', '.join(missing)}: run python scripts/benchmark.py with all sections"
        )
    return complaints


def find_old_pictures() -> list[Path]:
    """Find the pictures of outdated figures."""
    expected = describe_panels(collect_panels(ROOT))
    return [IMAGES / name for name in THEMES if read_description(ROOT / IMAGES / name) != expected]


if __name__ == "__main__":
    run_command_line(main)
