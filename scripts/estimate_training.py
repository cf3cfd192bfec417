"""Estimates the time of a recipe's run on this machine.

Usage: `python scripts/estimate_training.py --help`.
"""

import argparse
import dataclasses
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarking.harness.instruction_sets import add_limit_argument, list_limits
from hf_lstm.cli.common.arguments import (
    add_data_arguments,
    add_device_argument,
    add_settings_argument,
    apply_columns,
    check_output_file,
)
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.config import Recipe
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.pretrain import PRETRAIN_RECIPES, PretrainRecipe
from hf_lstm.config.recipes.catalog import RECIPES, get_recipe
from hf_lstm.errors import InputError


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Take a few training steps of each recipe on this machine, and say how long all its epochs would "
        "take, without reading, tokenizing and measuring. Only the figures are kept.",
        epilog="example: python scripts/estimate_training.py lstm-45m lstm-148m --set train.batch_size=128",
    )
    parser.add_argument(
        "recipes", metavar="RECIPE", nargs="+", help=f"one of {', '.join((*RECIPES, *PRETRAIN_RECIPES))}"
    )
    add_data_arguments(parser, default_dataset="stanfordnlp/imdb")
    add_device_argument(parser)
    parser.add_argument("--num-steps", type=int, metavar="N", default=5, help="steps to time (default: %(default)s)")
    add_settings_argument(parser)
    add_limit_argument(
        parser, "estimate for a processor that has no more than this, such as AVX2, by steps that are so limited"
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the figures as JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Estimate the recipes, and print or write the figures."""
    arguments = parse_arguments(argv)
    if arguments.num_steps < 1:
        raise InputError(f"--num-steps {arguments.num_steps}: expected at least 1")
    check_output_file(arguments.output)
    if arguments.max_isa:
        os.environ.update(list_limits(arguments.max_isa))  # before PyTorch is imported, which reads them
    assignments = [f"data.dataset={arguments.dataset}", *arguments.assignments]
    recipes = [override(name, assignments, arguments) for name in arguments.recipes]

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.files.writing import write_json

    figures: dict[str, Any] = {}
    for recipe in recipes:
        if isinstance(recipe, Recipe):
            estimate = estimate_training(recipe, arguments)
        else:
            estimate = estimate_pretraining(recipe, arguments)
        estimate["max_isa"] = arguments.max_isa
        estimate["command"] = f"python scripts/estimate_training.py {shlex.join(argv)}"
        figures[recipe.name] = estimate
        print(f"{recipe.name}: {describe(estimate)}", flush=True)
    if arguments.output is not None:
        write_json(arguments.output, figures)
        print(f"saved in {arguments.output}")


def override(name: str, assignments: Sequence[str], arguments: argparse.Namespace) -> Recipe | PretrainRecipe:
    """Find a recipe of a classifier or of a language model, and apply assignments to it.

    Raises:
        InputError: there is no such recipe, or no such setting.
    """
    if name not in PRETRAIN_RECIPES:
        return apply_columns(override_recipe(get_recipe(name), assignments), arguments)
    recipe = override_recipe(PRETRAIN_RECIPES[name], assignments)
    return dataclasses.replace(recipe, data=recipe.data.with_columns(arguments.text_column, arguments.label_column))


def estimate_pretraining(recipe: PretrainRecipe, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure some steps of a language model, and estimate the time of all its epochs, as `estimate_training`."""
    import torch

    from hf_lstm.pretraining.loop import pretrain_step
    from hf_lstm.pretraining.run import build_run, encode_texts
    from hf_lstm.provenance import describe_code
    from hf_lstm.runtime.devices import flush_denormals, name_dtype, resolve_device

    flush_denormals()
    device, code = resolve_device(arguments.device), describe_code()
    encoded = encode_texts(recipe, has_dataset=True)
    run = build_run(recipe, encoded, device)
    run.model.train()
    pretrain_step(run)
    started = time.perf_counter()
    num_measured = sum(pretrain_step(run)[2] for _ in range(arguments.num_steps))
    elapsed_s = time.perf_counter() - started
    num_tokens = int(encoded.train.lengths.sum())
    return {
        "num_parameters": run.model.num_parameters,
        "num_epochs": recipe.pretrain.num_epochs,
        "num_tokens_per_epoch": num_tokens,
        "num_measured_steps": arguments.num_steps,
        "num_measured_tokens": num_measured,
        "tokens_per_s": num_measured / elapsed_s,
        "estimated_s": recipe.pretrain.num_epochs * num_tokens * elapsed_s / num_measured,
        "device": str(device),
        "precision": name_dtype(run.dtype),
        "num_threads": torch.get_num_threads(),
        **code,
    }


def estimate_training(recipe: Recipe, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure some training steps, and estimate the time of all epochs.

    One step comes before: what is allocated or compiled once is not what a run takes.
    """
    import torch

    from hf_lstm.provenance import describe_code
    from hf_lstm.runtime.devices import flush_denormals, name_dtype, resolve_device
    from hf_lstm.training.loop.epochs import start_run
    from hf_lstm.training.loop.order import draw_all_steps
    from hf_lstm.training.loop.step import train_step
    from hf_lstm.training.setup import prepare_run

    flush_denormals()
    device, code = resolve_device(arguments.device), describe_code()
    prepared = prepare_run(recipe, device)
    model, split = prepared.model.train(), prepared.learned
    run = start_run(model, split, recipe.train, unlabeled=prepared.unlabeled)
    run.step = recipe.train.frozen_steps  # these take less than the others
    lengths = split.texts.lengths
    first, *steps = draw_all_steps(run, split, epoch=1)[: 1 + arguments.num_steps]
    if not steps:
        raise InputError(f"{recipe.name}: an epoch has but one step; make train.batch_size smaller")
    train_step(run, split, *first[0], unlabeled=first[1])
    started = time.perf_counter()
    for batches, unlabeled in steps:
        train_step(run, split, *batches, unlabeled=unlabeled)
    elapsed_s = time.perf_counter() - started
    num_measured = sum(int(lengths[batch].sum()) for batches, _ in steps for batch in batches)
    return {
        "num_parameters": model.num_parameters,
        "num_epochs": recipe.train.num_epochs,
        "num_tokens_per_epoch": int(lengths.sum()),
        "num_measured_steps": len(steps),
        "num_measured_tokens": num_measured,
        "tokens_per_s": num_measured / elapsed_s,
        "estimated_s": recipe.train.num_epochs * int(lengths.sum()) * elapsed_s / num_measured,
        "device": str(device),
        "precision": name_dtype(run.dtype),
        "num_threads": torch.get_num_threads(),
        **code,
    }


def describe(estimate: Mapping[str, Any]) -> str:
    """Describe an estimate in a line of text."""
    return (
        f"{estimate['num_parameters']:,} parameters, {estimate['tokens_per_s']:,.0f} tokens/s on {estimate['device']} "
        f"in {estimate['precision']}; {estimate['num_epochs']} epochs of {estimate['num_tokens_per_epoch']:,} tokens "
        f"take {estimate['estimated_s'] / 3600:.2f} hours"
    )


if __name__ == "__main__":
    run_command_line(main)
