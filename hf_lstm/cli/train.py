"""Trains a recipe, saves and measures the model, and pushes it."""

import argparse
import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from hf_lstm.cli.common.arguments import (
    add_data_arguments,
    add_device_argument,
    add_settings_argument,
    add_track_argument,
)
from hf_lstm.cli.common.parser import build_parser, name_command
from hf_lstm.cli.common.process import be_silent
from hf_lstm.cli.common.recipes import add_sources_arguments, build_recipe, check_recipe
from hf_lstm.cli.common.resuming import add_resume_arguments, check_resume_arguments, say_how_to_resume
from hf_lstm.cli.push import (
    add_card_arguments,
    add_repository_arguments,
    ask_choices,
    list_repository_options,
    push_folder,
)
from hf_lstm.config import Recipe
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, RECIPES
from hf_lstm.distributed.launch import Launch, choose_num_shards, read_launch
from hf_lstm.errors import InputError
from hf_lstm.files.names import RECIPE_FILE, expand_home
from hf_lstm.storage.identity import check_finished, check_identity, read_begun
from hf_lstm.storage.output_folder import OutputFolder, claim_output_folder
from hf_lstm.tracking.trackers import check_tracker


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    recipes = "\n".join(f"  {recipe.name:<24} {recipe.description}" for recipe in RECIPES.values())
    parser = build_parser(
        "train",
        "Train an LSTM text classifier, save the best epoch and measure exactly what was saved.",
        notes=f"recipes:\n{recipes}",
        examples=["--dataset sample --set train.num_epochs=3"],
    )
    parser.add_argument("--recipe", metavar="NAME", default=DEFAULT_RECIPE, help="see below (default: %(default)s)")
    add_data_arguments(parser)
    parser.add_argument(
        "--output-dir", metavar="DIR", type=expand_home, help="model folder to write (default: runs/DATA-RECIPE)"
    )
    add_resume_arguments(parser)
    add_sources_arguments(parser)
    parser.add_argument("--seed", type=int, metavar="N", help="short for --set train.seed=N (default: 0)")
    add_device_argument(parser)
    add_track_argument(parser)
    add_settings_argument(parser)
    parser.add_argument("--push", action="store_true", help="push the model to the Hub when it is measured")
    add_repository_arguments(parser)
    add_card_arguments(parser)
    parser.add_argument(
        "--no-baseline",
        dest="baseline",
        action="store_false",
        help="do not measure TF-IDF with logistic regression on the same rows",
    )
    parser.add_argument("--no-progress", dest="show_progress", action="store_false", help="show no progress bars")
    arguments = parser.parse_args(argv)
    check_push_arguments(parser, arguments)
    check_resume_arguments(parser, arguments)
    return arguments


def check_push_arguments(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End with a usage error if options of a push lack `--push`."""
    given = list(list_repository_options(arguments))
    if given and not arguments.push:
        parser.error(f"{' and '.join(given)} {'need' if len(given) > 1 else 'needs'} --push")


def main(argv: Sequence[str]) -> None:
    """Train the recipe and, if asked, push the model."""
    launch = read_launch()
    if not launch.leads:
        be_silent()
    arguments = parse_arguments(argv)
    check_tracker(arguments.track)
    recipe = build_recipe(arguments)
    output_dir = arguments.output_dir = arguments.output_dir or Path("runs") / recipe.name_folder()
    num_shards = recipe.train.num_shards
    if arguments.resume and num_shards is None:  # began on several processes, perhaps, and goes on in any number
        num_shards = read_num_shards(output_dir)
        refuse_undivided(output_dir, num_shards, launch.num_processes)
    num_shards = choose_num_shards(num_shards, launch.num_processes)
    recipe = dataclasses.replace(recipe, train=dataclasses.replace(recipe.train, num_shards=num_shards))
    check_recipe(recipe)

    if not launch.leads:
        from hf_lstm.distributed.processes import Processes
        from hf_lstm.training.run import follow_run

        follow_run(recipe, arguments.device, Processes(launch), output_dir)
        return
    # The folder is claimed, and looked into, before the imports, which take seconds: what is wrong is told at once.
    with claim_output_folder(output_dir, overwrite=arguments.overwrite, resume=arguments.resume) as folder:
        if folder.is_finished and not arguments.push and launch.num_processes == 1:
            check_finished(folder.path, recipe.asked_to_json())
            # Imported here, as `datasets` takes a second, and PyTorch, which takes more, is not needed.
            from hf_lstm.data.comparison import check_rows

            check_rows(folder.path, recipe)
            print(f"the run in {output_dir} is finished: nothing to do")
            return
        if not folder.is_finished:
            check_identity(folder.identity, {"settings": recipe.settings_to_json()}, must_be_equal=True)
        with say_how_to_resume(folder, "train", argv):
            run(recipe, arguments, argv, folder, launch)


def read_num_shards(output_dir: Path) -> int | None:
    """Read into how many shards the rows of a step are divided in the run of a folder; None if into none."""
    begun = read_begun(OutputFolder(output_dir).identity, output_dir / RECIPE_FILE).get("train")
    found = begun.get("num_shards") if isinstance(begun, Mapping) else None
    return found if isinstance(found, int) else None


def refuse_undivided(output_dir: Path, num_shards: int | None, num_processes: int) -> None:
    """Refuse to go on in several processes with a run whose steps are not divided, as it began in one.

    Raises:
        InputError: the folder holds such a run.
    """
    if num_processes > 1 and num_shards is None and OutputFolder(output_dir).can_be_resumed:
        raise InputError(
            f"the run in {output_dir} began in one process, without train.num_shards, and goes on in one alone: leave "
            "torchrun out, or pass --overwrite to start anew"
        )


def run(
    recipe: Recipe, arguments: argparse.Namespace, argv: Sequence[str], folder: OutputFolder, launch: Launch
) -> None:
    """Run the recipe in a claimed folder, say what came of it, and push it."""
    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.hub.cards.metadata import IMDB_SOURCES, CardChoices, name_repository
    from hf_lstm.hub.push import require_login, resolve_repo_id
    from hf_lstm.records.places import name_place
    from hf_lstm.training.options import RunOptions
    from hf_lstm.training.run import run_in_folder

    source = name_place(recipe.data.dataset)
    choices = CardChoices(license=arguments.license, language=arguments.language)
    user = require_login() if arguments.push else ""
    if arguments.push:
        resolve_repo_id(arguments.repo_id or name_repository(source, recipe.name), user)  # before hours of training
        choices = ask_choices(choices, None, is_language_known=source in IMDB_SOURCES)
    output_dir = arguments.output_dir
    options = RunOptions(
        output_dir=output_dir,
        device=arguments.device,
        command=f"{name_command('train')} {shlex.join(argv)}".rstrip(),
        show_progress=arguments.show_progress,
        measures_baseline=arguments.baseline,
        choices=choices,
        track=arguments.track,
        checkpoint_minutes=arguments.checkpoint_minutes,
        checkpoint_steps=arguments.checkpoint_steps,
        launch=launch,
    )
    results = run_in_folder(recipe, options, folder)
    test = results.splits["test"]
    print(f"test accuracy {100 * test.accuracy:.2f} %, loss {test.loss:.4f}, {test.num_rows:,} rows")
    for baseline in results.baselines:
        print(baseline.describe("test"))
    is_film = results.dataset.source in IMDB_SOURCES
    print(f"saved in {output_dir}; try:", *suggest_commands(output_dir, is_film=is_film), sep="\n  ")
    if arguments.push:
        from hf_lstm.model.classifier import LSTMSentiment

        repo_id = resolve_repo_id(arguments.repo_id or name_repository(results.dataset.source, recipe.name), user)
        model = LSTMSentiment.from_pretrained(output_dir)
        print(f"pushed: {push_folder(output_dir, model, repo_id, choices, arguments)}")


def suggest_commands(folder: Path, *, is_film: bool) -> list[str]:
    """List commands to go on with, as they can be pasted."""
    text = "A wonderful film." if is_film else "A text to classify."
    model = shlex.quote(str(folder))
    return [f'{name_command("predict")} {model} "{text}"', f"{name_command('evaluate')} {model}"]
