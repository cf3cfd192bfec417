"""Measures every figure of speed beside its peers.

Usage: `python scripts/benchmark.py --help`.
"""

import argparse
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarking.harness.instruction_sets import INSTRUCTION_SETS, add_limit_argument, list_limits
from benchmarking.harness.machine import describe_machine
from benchmarking.harness.processors import OTHERS, find_kind, merge_results, name_kind
from benchmarking.harness.report import format_machine, format_section, show_progress, write_json
from benchmarking.harness.rounds import measure_interleaved
from benchmarking.harness.summaries import describe_section
from benchmarking.plan import FIRST_ROUNDS_MARGIN, NORMAL, QUICK, SECTIONS, SHARES, Effort, Plan
from benchmarking.reviews import load_reviews
from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.config.recipes.published import PACKED_LSTM
from hf_lstm.errors import InputError
from hf_lstm.files.reading import read_json
from hf_lstm.provenance import find_commit
from hf_lstm.records.places import strip_command


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Time this package and what people would use instead, in turns, in one run; medians over rounds.",
        epilog=f"sections: {', '.join(SECTIONS)}\n\n"
        "example: python scripts/benchmark.py --dataset imdb --only training-step,epoch --output benchmark.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="SECTION,...", help="measure these sections (default: all)")
    parser.add_argument("--dataset", metavar="SOURCE", default="sample", help="as for train.py (default: %(default)s)")
    parser.add_argument(
        "--wordpiece-vocabulary",
        metavar="FILE",
        type=Path,
        help="vocab.txt of bert-base-uncased, for DistilBERT (default: train one of the same size)",
    )
    parser.add_argument("--repeats", type=int, metavar="N", help=f"rounds (default: {NORMAL.repeats})")
    parser.add_argument("--quick", action="store_true", help="measure little, for a first impression")
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="time for all; a contender whose share is over stops, but has a first round, for which there is a tenth "
        f"more (default: {NORMAL.minutes}, --quick {QUICK.minutes}; 0 for no limit)",
    )
    parser.add_argument("--full-epoch", action="store_true", help="measure the packed loop's whole epoch: half an hour")
    add_limit_argument(
        parser,
        "let oneDNN, PyTorch, MKL and OpenBLAS use no more than this, as on a processor that has no more; ONNX "
        f"Runtime, TensorFlow and tokenizers can't be limited: {', '.join(INSTRUCTION_SETS)}",
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the results as JSON")
    parser.add_argument(
        "--update",
        action="store_true",
        help="put the sections of --only into the file of --output, whose others stay; those of other kinds of "
        "processors stay in any case",
    )
    return parser.parse_args(argv)


def choose_effort(arguments: argparse.Namespace) -> Effort:
    """Choose how much to measure.

    Raises:
        InputError: `--repeats` is not positive, or `--minutes` negative.
    """
    effort = QUICK if arguments.quick else NORMAL
    if arguments.repeats is not None:
        if arguments.repeats < 1:
            raise InputError(f"--repeats {arguments.repeats}: expected at least 1")
        effort = replace(effort, repeats=arguments.repeats)
    if arguments.minutes is not None:
        if not 0 <= arguments.minutes < float("inf"):
            raise InputError(f"--minutes {arguments.minutes}: expected 0 for no limit, or more")
        effort = replace(effort, minutes=arguments.minutes)
    return replace(effort, packed_epoch_batches=None) if arguments.full_epoch else effort


def choose_sections(only: str | None) -> list[str]:
    """Return the names of the sections to measure.

    They are in the order of `SECTIONS`.

    Raises:
        InputError: there is no such section.
    """
    wanted = list(SECTIONS) if only is None else [name.strip() for name in only.split(",")]
    for name in wanted:
        if name not in SECTIONS:
            raise InputError(f"--only {name}: there is no such section; expected some of {', '.join(SECTIONS)}")
    return [name for name in SECTIONS if name in wanted]


def measure(arguments: argparse.Namespace, command: str) -> dict[str, Any]:
    """Measure and print the sections, and return the results for the JSON; `command` is noted beside each."""
    started = time.monotonic()
    effort, names = choose_effort(arguments), choose_sections(arguments.only)
    commit = find_commit()  # now: a later commit is not the code that is measured
    with show_progress("reviews") as announce:
        announce(f"reading {arguments.dataset}", "")
        splits = load_reviews(arguments.dataset, PACKED_LSTM.data)
    machine = describe_machine()
    print(format_machine(machine), flush=True)
    sections = {}
    with tempfile.TemporaryDirectory(prefix="hf-lstm-benchmark-") as scratch:
        plan = Plan(splits, effort, arguments.wordpiece_vocabulary, Path(scratch))
        for name in names:
            with show_progress(name) as announce:
                announce("setting up", "")
                section = SECTIONS[name](plan)
                outcomes = measure_interleaved(
                    section.contenders,
                    min(effort.repeats, section.max_repeats or effort.repeats),
                    announce,
                    formats=machine["native_formats"],
                    limit_s=_share_time(started, effort, names, name),
                    first_rounds_s=_share_first_rounds(started, effort, names, name),
                )
            sections[name] = describe_section(section, outcomes)
            sections[name]["measured"] = {"date": machine["date"], "commit": commit, "command": command}
            print(f"\n{format_section(name, sections[name])}", flush=True)
    num_reviews = {"train": len(splits.train.texts), "validation": len(splits.validation.texts)}
    options = {
        "dataset": splits.name,
        "num_reviews": {**num_reviews, "test": len(splits.test.texts)},
        "commit": commit,
        "sections": names,
        "quick": arguments.quick,
        "effort": asdict(effort),
    }
    return {"machine": machine, "options": options, "sections": sections}


def _share_time(started: float, effort: Effort, names: Sequence[str], name: str) -> float | None:
    """Return the seconds of a section: its share of what is left for it and the later ones; None without a limit."""
    left_s = _find_time_left(started, effort)
    return None if left_s is None else left_s * (1 - _share_later(names, name))


def _share_first_rounds(started: float, effort: Effort, names: Sequence[str], name: str) -> float | None:
    """Return the seconds of a section's first rounds: all but half of what later ones have; None without a limit."""
    left_s = _find_time_left(started, effort, FIRST_ROUNDS_MARGIN)
    return None if left_s is None else left_s * (1 - _share_later(names, name) / 2)


def _share_later(names: Sequence[str], name: str) -> float:
    """Return the share that the later sections have of what is left for a section and them."""
    left = [SHARES[each] for each in names[names.index(name) :]]
    return sum(left[1:]) / sum(left)


def _find_time_left(started: float, effort: Effort, margin: float = 0) -> float | None:
    """Return the seconds that are left for all, with a share of the time more; None without a limit."""
    if not effort.minutes:
        return None
    return max(0, 60 * effort.minutes * (1 + margin) - (time.monotonic() - started))


def read_earlier(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Return the results that the output file holds; None if there is none.

    Raises:
        InputError: `--update` has nothing to update: no file, or none of this kind of processor.
    """
    path, updates = arguments.output, arguments.update
    if updates and path is None:
        raise InputError("--update: name the file to update with --output")
    if path is None or not path.is_file():
        if updates:
            raise InputError(f"--update: there is no file {path} to update; run without --update")
        return None
    earlier = read_json(path)
    if not {"machine", "sections"} <= set(earlier):
        raise InputError(f"--output {path}: is not what this script writes; expected its results, or no such file")
    if updates and find_kind(earlier, kind := name_kind(describe_machine())) is None:
        theirs = ", ".join([name_kind(earlier["machine"]), *earlier.get(OTHERS, {})])
        raise InputError(f"--update {path}: measured with {theirs}, but this processor has {kind}")
    return earlier


def main(argv: Sequence[str]) -> None:
    """Measure the sections, and print or write the results."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    if arguments.max_isa:
        os.environ.update(list_limits(arguments.max_isa))  # every contender's process inherits them
    if (vocabulary := arguments.wordpiece_vocabulary) is not None and not vocabulary.is_file():
        raise InputError(f"--wordpiece-vocabulary {vocabulary}: there is no such file; expected a vocab.txt")
    earlier = read_earlier(arguments)
    command = strip_command(f"python scripts/benchmark.py {shlex.join(argv)}".rstrip())
    results = merge_results(earlier, measure(arguments, command), updates=arguments.update)
    if arguments.output is not None:
        write_json(results, arguments.output)
        print(f"\nwritten: {arguments.output}", file=sys.stderr)


if __name__ == "__main__":
    run_command_line(main)
