"""Measures what it costs that weights have the same bits for any number of threads: `train.num_shards`.

Usage: `python scripts/measure_shards.py --help`.
"""

import argparse
import copy
import dataclasses
import shlex
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.cli.common.arguments import add_data_arguments, add_settings_argument, apply_columns, check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.config import Recipe
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import RECIPES, get_recipe
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    from hf_lstm.data.encoded import LabeledTexts
    from hf_lstm.training.loop.order import Batches
    from hf_lstm.training.loop.state import TrainingRun

_RECIPES = ("pooled-bilstm", "packed-lstm")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Train each recipe on the CPU without train.num_shards and with it. All take turns on the same "
        "batches, in rounds of a few steps; the figure is the time with shards by that without, of the same round. A "
        "step with shards has the same bits whatever the number of threads.",
    )
    parser.add_argument("recipes", metavar="RECIPE", nargs="*", help=f"of {', '.join(RECIPES)} ({', '.join(_RECIPES)})")
    add_data_arguments(parser, default_dataset="sample")
    parser.add_argument("--shards", type=int, metavar="N", nargs="+", default=[4], help="(default: 4)")
    parser.add_argument("--threads", type=int, metavar="N", nargs="+", default=[1, 2], help="(default: 1 2)")
    parser.add_argument("--rounds", type=int, metavar="N", default=9, help="(default: %(default)s)")
    parser.add_argument("--steps", type=int, metavar="N", default=3, help="of a round (default: %(default)s)")
    add_settings_argument(parser)
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the figures as JSON")
    arguments = parser.parse_args(argv)
    if min(*arguments.shards, *arguments.threads, arguments.rounds, arguments.steps) < 1:
        parser.error("numbers of shards, threads, rounds and steps must be more than 0")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Measure the recipes, and print and write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    assignments = [f"data.dataset={arguments.dataset}", *arguments.assignments, "train.num_shards=none"]
    names = arguments.recipes or _RECIPES
    recipes = [apply_columns(override_recipe(get_recipe(name), assignments), arguments) for name in names]

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.files.writing import write_json
    from hf_lstm.provenance import describe_code

    code = describe_code()
    measured = {recipe.name: measure_recipe(recipe, arguments) for recipe in recipes}
    for name, ways in measured.items():
        for way in ways:
            cost = f"{way['ratio']:.3f} x the time ({way['lowest']:.3f} to {way['highest']:.3f})"
            print(f"{name}, {way['threads']} threads, {way['shards']} shards: {cost}")
    if arguments.output is not None:
        command = f"python scripts/measure_shards.py {shlex.join(argv)}".rstrip()
        figures = {"command": command, "rounds": arguments.rounds, "steps": arguments.steps, "recipes": measured}
        write_json(arguments.output, {**figures, **code})
        print(f"saved in {arguments.output}")


def measure_recipe(recipe: Recipe, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure a recipe with each number of threads and of shards.

    Raises:
        InputError: its data are unusable, or an epoch has too few steps.
    """
    import torch

    from hf_lstm.runtime.devices import flush_denormals, name_dtype
    from hf_lstm.training.loop.epochs import start_run
    from hf_lstm.training.loop.order import draw_all_steps
    from hf_lstm.training.setup import prepare_run

    flush_denormals()
    prepared = prepare_run(recipe, torch.device("cpu"))
    split = prepared.learned

    def start(num_shards: int | None) -> "TrainingRun":
        config = dataclasses.replace(recipe.train, num_shards=num_shards)
        run = start_run(copy.deepcopy(prepared.model).train(), split, config, unlabeled=prepared.unlabeled)
        run.step = recipe.train.frozen_steps  # these take less than the others
        return run

    runs = {num_shards: start(num_shards) for num_shards in (None, *arguments.shards)}
    steps = draw_all_steps(runs[None], split, epoch=1)
    needed = (1 + arguments.rounds) * arguments.steps
    if len(steps) < needed:
        raise InputError(f"{recipe.name}: an epoch has {len(steps)} steps, and {needed} are needed; see --rounds")
    found = []
    for num_threads in arguments.threads:
        torch.set_num_threads(num_threads)
        times = [
            time_round(runs, split, steps[first : first + arguments.steps], turn)
            for turn, first in enumerate(range(0, needed, arguments.steps))
        ][1:]  # what is allocated or compiled once comes before
        for num_shards in arguments.shards:
            ratios = [of_round[num_shards] / of_round[None] for of_round in times]
            found.append(
                {
                    "threads": num_threads,
                    "shards": num_shards,
                    "ratio": statistics.median(ratios),
                    "lowest": min(ratios),
                    "highest": max(ratios),
                    "step_s_without": statistics.median(of_round[None] for of_round in times) / arguments.steps,
                    "precision": name_dtype(runs[None].dtype),
                }
            )
    return found


def time_round(
    runs: "dict[int | None, TrainingRun]", split: "LabeledTexts", steps: "Sequence[tuple[Batches, Batches]]", turn: int
) -> dict[int | None, float]:
    """Have all runs take the same steps, and return the seconds of each; who begins changes with the turn."""
    from hf_lstm.training.loop.step import train_step

    names = list(runs)
    taken: dict[int | None, float] = {}
    for place in range(len(names)):
        name = names[(turn + place) % len(names)]
        started = time.perf_counter()
        for batches, unlabeled in steps:
            train_step(runs[name], split, *batches, unlabeled=unlabeled)
        taken[name] = time.perf_counter() - started
    return taken


if __name__ == "__main__":
    run_command_line(main)
