"""Trains a language model, for classifiers to start from."""

import argparse
import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.arguments import (
    add_device_argument,
    add_encoding_argument,
    add_settings_argument,
    add_track_argument,
)
from hf_lstm.cli.common.parser import build_parser, name_command
from hf_lstm.cli.common.resuming import add_resume_arguments, check_resume_arguments, say_how_to_resume
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.pretrain import PRETRAIN_RECIPES, PretrainRecipe, get_pretrain_recipe
from hf_lstm.distributed.launch import read_launch
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.rows.early_checks import check_source, check_unlabeled
from hf_lstm.storage.output_folder import OutputFolder, claim_output_folder
from hf_lstm.tracking.trackers import check_tracker


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    recipes = "\n".join(f"  {recipe.name:<24} {recipe.description}" for recipe in PRETRAIN_RECIPES.values())
    parser = build_parser(
        "pretrain",
        "Train a language model on texts without labels, for `train --init-from` to start from.",
        notes=f"recipes:\n{recipes}",
        examples=[
            "--dataset sample --recipe lm-small --output-dir runs/lm",
            "--unlabeled reviews.txt --output-dir runs/lm --resume",
        ],
    )
    parser.add_argument("--recipe", metavar="NAME", default="lm", help="see below (default: %(default)s)")
    parser.add_argument(
        "--dataset",
        metavar="SOURCE",
        help="Hub id, folder, file, or `sample`: texts of train are read, those of validation measure the model; none "
        "that stands in validation or test is read",
    )
    parser.add_argument("--text-column", metavar="NAME", help="column of the texts (default: found by its name)")
    parser.add_argument("--label-column", metavar="NAME", help="column of the labels (default: found by its name)")
    add_encoding_argument(parser)
    parser.add_argument(
        "--unlabeled",
        metavar="FILE|SPLIT",
        help="read these texts, too: a file (.txt has a text a line), or a split of the data set (default: auto, one "
        "called unsupervised or unlabeled); short for --set pretrain.unlabeled=...",
    )
    parser.add_argument("--output-dir", metavar="DIR", type=expand_home, help="folder to write (default: runs/RECIPE)")
    add_resume_arguments(parser)
    parser.add_argument("--seed", type=int, metavar="N", help="short for --set pretrain.seed=N (default: 0)")
    add_device_argument(parser)
    add_track_argument(parser)
    add_settings_argument(parser, example="pretrain.learning_rate=3e-4 model.hidden_size=256")
    parser.add_argument("--no-progress", dest="show_progress", action="store_false", help="show no progress bars")
    arguments = parser.parse_args(argv)
    check_resume_arguments(parser, arguments)
    return arguments


def main(argv: Sequence[str]) -> None:
    """Train the language model, and say how good it is."""
    if read_launch().num_processes > 1:
        raise InputError("a language model trains in one process: leave torchrun out")
    arguments = parse_arguments(argv)
    check_tracker(arguments.track)
    recipe = override_recipe(get_pretrain_recipe(arguments.recipe), collect_assignments(arguments))
    data = recipe.data.with_columns(arguments.text_column, arguments.label_column, encoding=arguments.encoding)
    recipe = dataclasses.replace(recipe, data=data)
    if arguments.dataset is None and recipe.pretrain.unlabeled in (None, "auto"):
        raise InputError("a language model needs texts: pass --dataset, --unlabeled, or both")
    # Before the imports, which take seconds, the files are looked into and the folder is claimed: what is wrong is told
    # at once.
    if arguments.dataset is not None:
        check_source(recipe.data)
    check_unlabeled(
        recipe.pretrain.unlabeled, recipe.data, "pretrain.unlabeled", has_dataset=arguments.dataset is not None
    )
    arguments.output_dir = arguments.output_dir or Path("runs") / recipe.name
    with (
        claim_output_folder(arguments.output_dir, overwrite=arguments.overwrite, resume=arguments.resume) as folder,
        say_how_to_resume(folder, "pretrain", argv),
    ):
        run(recipe, arguments, argv, folder)


def run(recipe: PretrainRecipe, arguments: argparse.Namespace, argv: Sequence[str], folder: OutputFolder) -> None:
    """Run the recipe in a claimed folder, and say what came of it."""
    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.pretraining.run import PretrainOptions, run_pretraining

    options = PretrainOptions(
        has_dataset=arguments.dataset is not None,
        device=arguments.device,
        command=f"{name_command('pretrain')} {shlex.join(argv)}",
        show_progress=arguments.show_progress,
        track=arguments.track,
        checkpoint_minutes=arguments.checkpoint_minutes,
        checkpoint_steps=arguments.checkpoint_steps,
    )
    results = run_pretraining(recipe, options, folder)
    perplexity = " and ".join(f"{value:.2f}" for value in results.epochs[-1].validation_perplexity)
    print(f"validation perplexity {perplexity}, {results.tokens_per_s:,.0f} words/s, {results.elapsed_s:,.0f} s")
    place = shlex.quote(str(arguments.output_dir))
    print(f"saved in {place}; start a classifier from it: {name_command('train')} --init-from {place}")


def collect_assignments(arguments: argparse.Namespace) -> list[str]:
    """Collect the changed settings of `--set` and of its shortcuts, which come last, and so they win."""
    shortcuts = {
        "data.dataset": arguments.dataset,
        "pretrain.unlabeled": arguments.unlabeled,
        "pretrain.seed": arguments.seed,
    }
    given = [f"{setting}={value}" for setting, value in shortcuts.items() if value is not None]
    return [*arguments.assignments, *given]
