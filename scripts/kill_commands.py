"""Sends signals to `train`, `pretrain` and `search` at random moments, resumes them, and compares what they leave.

Usage: `python scripts/kill_commands.py --help`.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from trials.commands.starting import COMMANDS, end_all, write_rows
from trials.commands.strikes import SIGNALS, run_whole, strike


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Run whole commands on reviews of the sample, with tiny networks. At a random moment, send "
        "SIGTERM, Ctrl-C or SIGKILL. Asked to end, they must leave within 10 seconds with 143 or 130, and no process "
        "or temporary file of theirs may stay. Start them again with --resume: what they leave must be what a run "
        "leaves that nobody stopped, but for times; no saved step and no ended trial may be done again. "
        "If the package's code changes meanwhile, it ends: commands run from this checkout. Needs Linux."
    )
    parser.add_argument("--commands", choices=COMMANDS, nargs="+", default=list(COMMANDS), help="(default: all)")
    parser.add_argument("--signals", choices=SIGNALS, nargs="+", default=SIGNALS, help="(default: all three)")
    parser.add_argument("--times", metavar="N", type=int, default=5, help="each signal to each command (default: 5)")
    parser.add_argument("--workers", metavar="N", type=int, default=2, help="commands at a time (default: 2)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    arguments = parser.parse_args(argv)
    if min(arguments.times, arguments.workers) < 1:
        parser.error("--times and --workers must be more than 0")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Run, strike, resume, compare; print and write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    from trials.checkout import CodeWatch
    from trials.figures import end_with_figures
    from trials.signals import heed_ctrl_c

    heed_ctrl_c()
    strikes = [
        (command, name, number)
        for number in range(arguments.times)
        for name in arguments.signals
        for command in arguments.commands
    ]
    started_s, code = time.monotonic(), CodeWatch()
    with (
        tempfile.TemporaryDirectory(prefix="hf-lstm-kill-") as scratch,
        ThreadPoolExecutor(arguments.workers) as workers,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(end_all)
        stack.callback(workers.shutdown, wait=False, cancel_futures=True)
        place = Path(scratch)
        rows = place / "rows.csv"
        write_rows(rows)
        names = list(arguments.commands)
        found = workers.map(lambda name: run_whole(name, rows, place / f"whole-{name}" / "run"), names)
        whole = dict(zip(names, found, strict=True))

        def make(what: tuple[str, str, int]) -> tuple[float, list[str]]:
            command, name, number = what
            return strike(command, name, number, rows, whole[command], place / f"{command}-{name}-{number}")

        wrong: list[str] = []
        longest_s = 0.0
        for num_made, (took_s, faults) in enumerate(workers.map(make, strikes), start=1):
            code.check()
            wrong += faults
            longest_s = max(longest_s, took_s)
            said = f"{num_made} of {len(strikes)} strikes, {len(wrong)} faults, {time.monotonic() - started_s:.0f} s"
            print(said, *faults, sep="\n", file=sys.stderr)
    print(f"{len(strikes)} tried: {len(wrong)} went wrong", *wrong, sep="\n")
    figures = {
        "tried": len(strikes),
        "by": dict(Counter(f"{command}, {name}" for command, name, _ in strikes)),
        "longest_s": round(longest_s, 2),
        "wrong": wrong,
    }
    end_with_figures("kill_commands.py", argv, figures, arguments.output, went_wrong=bool(wrong))


if __name__ == "__main__":
    run_command_line(main)
