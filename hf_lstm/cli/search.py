"""Searches for better settings of a recipe, by validation alone."""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.arguments import (
    add_data_arguments,
    add_device_argument,
    add_settings_argument,
    add_track_argument,
)
from hf_lstm.cli.common.parser import build_parser, name_command
from hf_lstm.cli.common.recipes import add_sources_arguments, build_recipe, check_recipe, collect_assignments
from hf_lstm.cli.common.resuming import add_resume_arguments, say_how_to_resume
from hf_lstm.config import Recipe
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE
from hf_lstm.distributed.launch import read_launch
from hf_lstm.errors import InputError
from hf_lstm.extras import require_library
from hf_lstm.files.names import expand_home
from hf_lstm.records.places import split_sources
from hf_lstm.searching.folder import SearchFolder, claim_search_folder
from hf_lstm.searching.space import PRUNERS, Space, Value, build_default_space, format_assignments, parse_space
from hf_lstm.tracking.trackers import check_tracker

if TYPE_CHECKING:
    from hf_lstm.records.search import SearchFacts


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "search",
        "Search for better settings of a recipe: train it again and again, judge each trial by its validation rows "
        "alone, and say how to train the best one. Test is never measured.",
        notes="A space is a setting of the recipe with the values to try: `A,B,C`, `LOW..HIGH`, `LOW..HIGH:STEP`, or\n"
        "`LOW..HIGH:log` for numbers of any size. Without --space, learning rate, batch size, sizes of the\n"
        "network and dropout are searched for, around what the recipe has.",
        examples=[
            "--dataset reviews.csv --recipe pooled-bilstm --trials 30 --output-dir runs/search",
            "--dataset sample --space train.learning_rate=1e-4..1e-2:log model.hidden_size=32,64,128 --minutes 60",
        ],
    )
    parser.add_argument("--recipe", metavar="NAME", default=DEFAULT_RECIPE, help="(default: %(default)s)")
    add_data_arguments(parser)
    parser.add_argument(
        "--output-dir", metavar="DIR", type=expand_home, help="folder (default: runs/DATA-RECIPE-search)"
    )
    parser.add_argument(
        "--space",
        metavar="SECTION.KEY=VALUES",
        action="extend",
        nargs="+",
        default=[],
        help="settings to search for, e.g. train.learning_rate=1e-4..1e-2:log (default: see below)",
    )
    parser.add_argument(
        "--trials", metavar="N", type=int, default=30, help="trials in all, those done before included (default: 30)"
    )
    parser.add_argument(
        "--minutes", metavar="M", type=float, help="stop after so much time; the trial that runs can be resumed"
    )
    parser.add_argument(
        "--pruner",
        choices=PRUNERS,
        default="median",
        help="what breaks off trials whose epochs are worse than those of others (default: median)",
    )
    add_resume_arguments(parser, counts_steps=False)
    add_sources_arguments(parser)
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the search and of each training (default: 0)")
    add_device_argument(parser)
    add_track_argument(parser)
    add_settings_argument(parser)
    parser.add_argument("--no-progress", dest="show_progress", action="store_false", help="show no progress bars")
    arguments = parser.parse_args(argv)
    for name in ("trials", "minutes", "checkpoint_minutes"):
        value = getattr(arguments, name)
        if value is not None and not value > 0:
            parser.error(f"--{name.replace('_', '-')} must be more than 0")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Search, and say what was found."""
    if read_launch().num_processes > 1:
        raise InputError("a search runs in one process: leave torchrun out")
    arguments = parse_arguments(argv)
    check_tracker(arguments.track)
    require_library("optuna")
    recipe = build_recipe(arguments)
    given = [assignment.partition("=")[0].strip() for assignment in collect_assignments(arguments)]
    space = parse_space(arguments.space, recipe, fixed=given)
    space = space or [each for each in build_default_space(recipe) if each.setting not in given]
    if not space:
        raise InputError("--set gives a value to all that would be searched for; say by --space what to search for")
    check_recipe(recipe, [each.setting for each in space])
    arguments.output_dir = arguments.output_dir or Path("runs") / f"{recipe.name_folder()}-search"
    with (
        claim_search_folder(arguments.output_dir, overwrite=arguments.overwrite, resume=arguments.resume) as folder,
        say_how_to_resume(folder, "search", argv),
    ):
        run(recipe, space, arguments, argv, folder)


def run(recipe: Recipe, space: Space, arguments: argparse.Namespace, argv: Sequence[str], folder: SearchFolder) -> None:
    """Search in a claimed folder, and say what was found."""
    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.searching.run import SearchOptions, search_in_folder

    def name_best(settings: Mapping[str, Value]) -> str:
        return format_train_command(arguments, settings)

    options = SearchOptions(
        num_trials=arguments.trials,
        name_best=name_best,
        minutes=arguments.minutes,
        pruner=arguments.pruner,
        device=arguments.device,
        command=f"{name_command('search')} {shlex.join(argv)}",
        show_progress=arguments.show_progress,
        checkpoint_minutes=arguments.checkpoint_minutes,
        track=arguments.track,
    )
    facts = search_in_folder(recipe, space, options, folder)
    print_results(facts, arguments.output_dir)


def print_results(facts: "SearchFacts", output_dir: Path) -> None:
    """Print the best trials, and how to train the best one.

    Raises:
        InputError: no trial was finished.
    """
    from hf_lstm.records.search import BEST_FOLDER
    from hf_lstm.searching.folder import PAGE_FILE
    from hf_lstm.searching.report import format_best, format_counts

    print(format_counts(facts.trials))
    facts.require_best()
    print(format_best(facts))
    print(f"\nall trials: {output_dir / PAGE_FILE}\nmodel of the best: {output_dir / BEST_FOLDER}")
    print(f"train it again, and measure it on test:\n  {facts.best_command}")


def format_train_command(arguments: argparse.Namespace, settings: Mapping[str, Value]) -> str:
    """Format the command that trains the recipe of a search with the settings of a trial."""
    given = {
        "--recipe": arguments.recipe,
        "--config": arguments.config,
        "--text-column": arguments.text_column,
        "--label-column": arguments.label_column,
        "--encoding": arguments.encoding,
        "--device": None if arguments.device == "auto" else arguments.device,
    }
    words = [] if arguments.dataset is None else ["--dataset", *split_sources(arguments.dataset)]
    words += [word for option, value in given.items() if value is not None for word in (option, value)]
    words += ["--set", *collect_assignments(arguments, with_dataset=False), *format_assignments(settings)]
    return f"{name_command('train')} {shlex.join(words)}"
