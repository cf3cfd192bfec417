"""Kills training at each write, flush and rename, resumes it, and compares all bits.

Usage: `python scripts/crash_matrix.py --help`.
"""

import argparse
import logging
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common import EXIT_ERROR, check_output_file, run_command_line


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Train a tiny model for 60 steps with a checkpoint every 5. At each call that changes a file: kill "
        "the run before and after it, kill it and lose all that was not flushed to the disk, fail the call as on a "
        "full or a broken disk. Resume it each time in a new process, and compare weights, optimizer, random numbers "
        "and log with the run that nobody stopped. Needs Linux."
    )
    parser.add_argument("--every", metavar="N", type=int, default=1, help="strike at every Nth call (default: each)")
    parser.add_argument("--kills", metavar="N", type=int, default=300, help="kills at random moments (default: 300)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Run the matrix, and print and write its figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    import torch

    from crash_testing.matrix import kill_randomly, run_whole, strike_calls
    from hf_lstm.files import write_json

    logging.getLogger("hf_lstm").setLevel(logging.ERROR)
    torch.set_num_threads(1)  # so that the process can be forked, and sums are always in the same order
    with tempfile.TemporaryDirectory() as scratch:
        expected, names, elapsed_s = run_whole(Path(scratch) / "whole")
        print(f"{len(names)} calls, {elapsed_s:.1f} s a run", file=sys.stderr)
        struck = strike_calls(Path(scratch) / "run", expected, names, range(0, len(names), arguments.every))
        killed = kill_randomly(Path(scratch) / "run", expected, arguments.kills, elapsed_s)
    figures = {
        "command": f"python scripts/crash_matrix.py {shlex.join(argv)}".rstrip(),
        "calls": len(names),
        "every": arguments.every,
        "struck": struck,
        "killed": killed,
    }
    num_struck, num_wrong = sum(struck["runs"].values()), len(struck["wrong"]) + len(killed["wrong"])
    print(
        f"{num_struck} runs struck at a call, {killed['runs']} killed at random: {num_wrong} did not resume to the bit"
    )
    for line in (*struck["wrong"], *killed["wrong"]):
        print(line)
    if arguments.output is not None:
        write_json(arguments.output, figures)
        print(f"saved in {arguments.output}")
    if num_wrong:
        sys.exit(EXIT_ERROR)


if __name__ == "__main__":
    run_command_line(main)
