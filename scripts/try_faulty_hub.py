"""Downloads from and pushes to a local Hub that fails in every way we know, and says what came of each.

Usage: `python scripts/try_faulty_hub.py --help`.
"""

import argparse
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line

SHARE_OF_WAITS = 0.02
"""What is left of each time-out and pause, so that all faults take minutes and not hours."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Let the local Hub of the tests fail at each endpoint: errors once, twice and for ever, lost "
        "connections, silence, trickling bodies, pages of a proxy, changed bytes, repeated tokens. Download, push and "
        "log in meanwhile. Each must be done, or end in one typed line that shows no token; no damaged file may stay "
        "in the cache."
    )
    parser.add_argument(
        "--waits",
        metavar="SHARE",
        type=float,
        default=SHARE_OF_WAITS,
        help=f"what is left of each time-out and pause (default: {SHARE_OF_WAITS}; 1 for what users wait)",
    )
    parser.add_argument(
        "--only", metavar="TEXT", action="append", default=[], help="try faults with this in their name"
    )
    parser.add_argument("--every", metavar="N", type=int, default=1, help="try every Nth fault (default: each)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Run the matrix, and print and write its figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    os.environ |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    os.environ |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "HF_HOME": tempfile.mkdtemp()}

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once. The client
    # reads its environment as it is imported, and so comes after the Hub that it is to talk to.
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "support"))
    local_hub = importlib.import_module("local_hub")
    hub = local_hub.LocalHub()
    os.environ["HF_ENDPOINT"] = hub.endpoint

    from trials.faults.hub_faults import list_cases, shorten_waits, try_faults
    from trials.faults.small_model import save_small_model
    from trials.figures import end_with_figures

    logging.disable()
    shorten_waits(arguments.waits)
    with tempfile.TemporaryDirectory() as scratch:
        model = save_small_model(Path(scratch) / "small")
        cases = [each for each in list_cases() if all(text in each.name for text in arguments.only)]
        tried = cases[:: arguments.every]
        figures = try_faults(hub, local_hub.Fault, model, Path(scratch), tried, share=arguments.waits)
    print(
        f"{figures['tried']} faults: {figures['done']} done all the same, {figures['refused']} refused in one line, "
        f"{len(figures['wrong'])} wrong; at most {figures['longest_s']} s"
    )
    for line in (*figures["wrong"], *figures["passing_but_refused"]):
        print(f"  {line}")
    figures = {"share_of_waits": arguments.waits, **figures}
    end_with_figures("try_faulty_hub.py", argv, figures, arguments.output, went_wrong=bool(figures["wrong"]))


if __name__ == "__main__":
    run_command_line(main)
