"""Loads model folders that are damaged in every way we know, and says what came of each.

Usage: `python scripts/try_hostile_files.py --help`.
"""

import argparse
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Damage the files of a small model: each value and size that should be refused, each length of "
        "the weights' header, and single bytes. Load it in processes with 1 GB of memory. Each must end in one typed "
        "line, within seconds. Needs Linux."
    )
    parser.add_argument("--flips", metavar="N", type=int, default=10_000, help="bytes to change (default: 10000)")
    parser.add_argument("--every", metavar="N", type=int, default=1, help="cut at every Nth offset (default: each)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Run the matrix, and print and write its figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    import torch

    from trials.faults.hostile_files import try_damages, try_flips, try_truncations
    from trials.faults.small_model import save_small_model
    from trials.figures import end_with_figures

    logging.getLogger("hf_lstm").setLevel(logging.ERROR)
    torch.set_num_threads(1)  # so that the process can be forked
    with tempfile.TemporaryDirectory() as scratch:
        model = save_small_model(Path(scratch) / "small")
        figures = {
            "damages": try_damages(model, Path(scratch)),
            "truncations": try_truncations(model, Path(scratch), every=arguments.every),
            "flips": try_flips(model, Path(scratch), num_flips=arguments.flips),
        }
    for name, each in figures.items():
        print(
            f"{name}: {each['tried']:,} tried, {each['refused']:,} refused, {each['loaded']:,} loaded, "
            f"{len(each['wrong'])} wrong; at most {each['longest_s']} s and {each['most_megabytes']} MB"
        )
        for line in each["wrong"]:
            print(f"  {line}")
    went_wrong = any(each["wrong"] for each in figures.values())
    end_with_figures("try_hostile_files.py", argv, figures, arguments.output, went_wrong=went_wrong)


if __name__ == "__main__":
    run_command_line(main)
