"""Puts the model of a run where the package ships it from.

Usage: `python scripts/place_flagship.py --help`.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from hf_lstm.files.names import METRICS_FILE, PLACES_FILE, REMOTE_FILES, RESULTS_FILE
from hf_lstm.shipped import PLACES

MAX_MEGABYTES = {"flagship": 10, "flagship-tiny": 2}
"""Of weights, vocabulary and config."""
_NOT_SHIPPED = (METRICS_FILE, PLACES_FILE)
_NEEDED = ("model.safetensors", "tokenizer.json", "config.json")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Put the model of a finished run, with its card, results and report, where the package ships it "
        "from, in the place of the one that lies there.",
        epilog="example: python scripts/place_flagship.py runs/flagship flagship",
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a finished run")
    parser.add_argument("name", choices=sorted(MAX_MEGABYTES), help="which of the shipped models it becomes")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Check the model, and put it into its place."""
    arguments = parse_arguments(argv)
    target = PLACES[arguments.name][-1]
    place_model(arguments.run, target, MAX_MEGABYTES[arguments.name])
    print(f"{arguments.run} is {target} now; next, for its pages:")
    print(f"python scripts/renew_model_pages.py {target}")
    print(
        f"python scripts/measure_short_texts.py {' '.join(str(places[-1]) for places in PLACES.values())} "
        "--output results/short_texts.json"
    )
    print("python scripts/update_tables.py")


def place_model(run: Path, target: Path, max_megabytes: float) -> None:
    """Replace the model in `target` by that of a run; if anything fails, the old one stays.

    Raises:
        InputError: the run holds no whole model, or one that is too large.
    """
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.remote.settings import read_remote_module

    LSTMSentiment.from_pretrained(run)
    if not (run / RESULTS_FILE).is_file():
        raise InputError(f"{run}: has no {RESULTS_FILE}; expected the folder of a finished run")
    size = sum((run / name).stat().st_size for name in _NEEDED) / 1e6
    if size > max_megabytes:
        raise InputError(
            f"{run}: its weights, vocabulary and config take {size:.1f} MB, expected {max_megabytes} or less; train it "
            "with --set model.dtype=bfloat16, fewer tokenizer.max_words or a smaller model.embedding_dim"
        )
    new, old = target.with_name(f"{target.name}.new"), target.with_name(f"{target.name}.old")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(run, new, ignore=shutil.ignore_patterns(*_NOT_SHIPPED, ".*"))
    for name in REMOTE_FILES:  # the run may be of an earlier version
        (new / name).write_bytes(read_remote_module(name))
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    run_command_line(main)
