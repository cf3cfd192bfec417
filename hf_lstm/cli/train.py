"""Train a recipe, save and measure the model, and push it."""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common import add_data_arguments, add_device_argument, add_settings_argument, apply_columns
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes import DEFAULT_RECIPE, RECIPES, get_recipe
from hf_lstm.errors import InputError


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line."""
    recipes = "\n".join(f"  {recipe.name:<24} {recipe.description}" for recipe in RECIPES.values())
    parser = argparse.ArgumentParser(
        description="Train an LSTM text classifier, save the best epoch and measure exactly what was saved.",
        epilog=f"recipes:\n{recipes}\n\nexample: python scripts/train.py --dataset sample --set train.num_epochs=3",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--recipe", metavar="NAME", default=DEFAULT_RECIPE, help="see below (default: %(default)s)")
    add_data_arguments(parser, default_dataset=None)
    parser.add_argument("--output-dir", metavar="DIR", type=Path, help="model folder to write (default: runs/RECIPE)")
    parser.add_argument("--overwrite", action="store_true", help="replace the run that the output folder holds")
    parser.add_argument(
        "--embeddings",
        metavar="PATH|ID",
        help="pretrained word vectors in GloVe's text format: a .txt, .gz or .zip file, or a Hub id such as "
        "stanfordnlp/glove; short for --set train.embeddings=...",
    )
    parser.add_argument(
        "--init-from",
        metavar="MODEL",
        help="fine-tune this model, a folder or Hub id: its tokenizer, architecture and weights hold, and its "
        "classifier if the labels are the same; short for --set train.init_from=...",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="short for --set train.seed=N (default: 0)")
    add_device_argument(parser)
    add_settings_argument(parser)
    add_push_arguments(parser)
    parser.add_argument("--no-progress", dest="show_progress", action="store_false", help="show no progress bars")
    arguments = parser.parse_args(argv)
    check_push_arguments(parser, arguments)
    return arguments


def add_push_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says whether, where and how the model is pushed."""
    parser.add_argument("--push", action="store_true", help="push the model to the Hub when it is measured")
    parser.add_argument("--repo-id", metavar="ORG/NAME", help="where to push (default: <you>/imdb-lstm)")
    parser.add_argument("--private", action="store_true", help="make a new Hub repository private")
    parser.add_argument("--revision", metavar="BRANCH", help="push to this branch, made if need be (default: main)")
    parser.add_argument("--create-pr", action="store_true", help="open a pull request instead of pushing to the branch")
    parser.add_argument("--commit-message", metavar="TEXT", help="title of the commit or pull request")


def check_push_arguments(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End with a usage error if something is said of a push that is not asked for."""
    given = [
        f"--{name.replace('_', '-')}"
        for name in ("repo_id", "private", "revision", "create_pr", "commit_message")
        if getattr(arguments, name)
    ]
    if given and not arguments.push:
        parser.error(f"{' and '.join(given)} {'need' if len(given) > 1 else 'needs'} --push")


def main(argv: Sequence[str]) -> None:
    """Train and, if asked, push."""
    arguments = parse_arguments(argv)
    assignments = collect_assignments(arguments)
    recipe = apply_columns(override_recipe(get_recipe(arguments.recipe), assignments), arguments)
    if recipe.train.init_from is not None:
        refuse_own_architecture(assignments)
    output_dir = arguments.output_dir or Path("runs") / recipe.name

    # Imported once the arguments are known to be right: `--help` and typing errors answer at once.
    from hf_lstm.hub.push import require_login, resolve_repo_id
    from hf_lstm.training.run import RunOptions, run_experiment

    repo_id = resolve_repo_id(arguments.repo_id, require_login()) if arguments.push else None
    options = RunOptions(
        output_dir=output_dir,
        device=arguments.device,
        repo_id=repo_id,
        command=f"python scripts/train.py {shlex.join(argv)}",
        overwrite=arguments.overwrite,
        show_progress=arguments.show_progress,
    )
    results = run_experiment(recipe, options)
    test = results.splits["test"]
    print(f"test accuracy {100 * test.accuracy:.2f} %, loss {test.loss:.4f}, {test.num_rows:,} rows")
    quoted_dir = shlex.quote(str(output_dir))
    print(f'saved in {output_dir}; try: python scripts/predict.py {quoted_dir} "A wonderful film."')
    if repo_id is not None:
        print(f"pushed: {push(output_dir, repo_id, arguments)}")


def collect_assignments(arguments: argparse.Namespace) -> list[str]:
    """Return the changed settings of `--set`, then those of the options that are short for one."""
    shortcuts = {
        "data.dataset": arguments.dataset,
        "train.embeddings": arguments.embeddings,
        "train.init_from": arguments.init_from,
        "train.seed": arguments.seed,
    }
    given = [f"{setting}={value}" for setting, value in shortcuts.items() if value is not None]
    return [*arguments.assignments, *given]


def refuse_own_architecture(assignments: Sequence[str]) -> None:
    """Raise an InputError where settings are to be changed that a model to fine-tune brings along."""
    for assignment in assignments:
        if assignment.strip().startswith(("model.", "tokenizer.")):
            raise InputError(
                f"--set {assignment}: the model of --init-from has a tokenizer and an architecture, which hold; "
                "leave this setting out, or train without --init-from"
            )


def push(folder: Path, repo_id: str, arguments: argparse.Namespace) -> str:
    """Push the model folder as the arguments say, and return the URL of what was made."""
    from hf_lstm.hub.push import DEFAULT_MESSAGE, push_model_folder

    retry = ["hf", "upload", repo_id, str(folder), "."]
    retry += ["--revision", arguments.revision] if arguments.revision else []
    retry += ["--create-pr"] if arguments.create_pr else []
    return push_model_folder(
        folder,
        repo_id,
        revision=arguments.revision,
        create_pr=arguments.create_pr,
        private=arguments.private or None,
        commit_message=arguments.commit_message or DEFAULT_MESSAGE,
        retry_hint=shlex.join(retry),
    )
