"""Kills training, or a search, at each write, flush and rename, resumes it, and compares all bits.

Usage: `python scripts/crash_matrix.py --help`.
"""

import argparse
import logging
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.extras import require_library

if TYPE_CHECKING:
    from trials.crashes.work import Work


_WORKS = ("train", "search")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Train a tiny model for 60 steps with a checkpoint every 5, or search with three trials. At each "
        "call that changes a file: kill the run before and after it, kill it and lose all that was not flushed to the "
        "disk, fail the call as on a full or a broken disk. Also send SIGKILL, Ctrl-C and SIGTERM at random moments. "
        "What it saved last must be there. Resume it each time in a new process, and compare weights, optimizer, "
        "random numbers and log, or trials and the best model, with the run that nobody stopped. Also start 20 "
        "processes in one folder at once, of which one may win. Outcomes are kept beside --output, so that the same "
        "command goes on where it was stopped, while code and calls stay as they are. Needs Linux."
    )
    parser.add_argument("--work", choices=_WORKS, default=_WORKS[0], help="what is struck (default: %(default)s)")
    parser.add_argument("--every", metavar="N", type=int, default=1, help="strike at every Nth call (default: each)")
    parser.add_argument("--kills", metavar="N", type=int, default=300, help="kills at random moments (default: 300)")
    parser.add_argument("--signals", metavar="N", type=int, default=50, help="Ctrl-C and SIGTERM (default: 50)")
    parser.add_argument("--starts", metavar="N", type=int, default=20, help="rounds of 20 starts at once (default: 20)")
    parser.add_argument("--workers", metavar="N", type=int, default=2, help="processes that strike (default: 2)")
    parser.add_argument("--minutes", metavar="M", type=float, default=math.inf, help="stop after this time")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    return parser.parse_args(argv)


def load_work(name: str) -> "Work":
    """Load what does the work of a name, and the libraries that it needs."""
    if name == "train":
        from trials.crashes.run import TRAINING

        return TRAINING
    require_library("optuna")
    from trials.crashes.search import SEARCH

    return SEARCH


def main(argv: Sequence[str]) -> None:
    """Run the matrix, and print and write its figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    import torch

    from trials.crashes.matrix import list_strikes, run_whole, strike_all
    from trials.crashes.outcomes import Outcomes
    from trials.figures import end_with_figures
    from trials.signals import heed_ctrl_c

    heed_ctrl_c()
    logging.getLogger("hf_lstm").setLevel(logging.ERROR)
    torch.set_num_threads(1)  # so that the process can be forked, and sums are always in the same order
    with tempfile.TemporaryDirectory() as scratch:
        whole = run_whole(load_work(arguments.work), Path(scratch) / "whole")
        num_calls = len(whole.names)
        print(f"{num_calls} calls, {whole.elapsed_s:.1f} s a run", file=sys.stderr)
        kept = Path(scratch) / "outcomes" if arguments.output is None else arguments.output.with_suffix(".jsonl")
        outcomes = Outcomes(kept, whole.of)
        strikes = list_strikes(
            num_calls,
            every=arguments.every,
            kills=arguments.kills,
            signals=arguments.signals,
            starts=arguments.starts,
        )
        done = outcomes.read()
        to_do = [what for what in strikes if what not in done]
        strike_all(Path(scratch), whole, to_do, outcomes, workers=max(1, arguments.workers), minutes=arguments.minutes)
        found = {what: wrong for what, wrong in outcomes.read().items() if what in set(strikes)}
    wrong = [said for said in found.values() if said is not None]
    print(f"{len(found)} of {len(strikes)} strikes: {len(wrong)} went wrong", *sorted(wrong), sep="\n")
    if len(found) < len(strikes):
        print("stopped before the end; the same command goes on", file=sys.stderr)
    figures = {
        "work": arguments.work,
        "calls": num_calls,
        "planned": len(strikes),
        "runs": dict(sorted(Counter(what.kind for what in found).items())),
        "wrong": sorted(wrong),
    }
    end_with_figures("crash_matrix.py", argv, figures, arguments.output, went_wrong=bool(wrong))


if __name__ == "__main__":
    run_command_line(main)
