"""Pushes a saved model to the Hub."""

import argparse
import contextlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.parser import EXAMPLE_MODEL, build_parser, name_command
from hf_lstm.errors import InputError
from hf_lstm.extras import is_installed
from hf_lstm.files.names import CARD_FILE, RESULTS_FILE
from hf_lstm.files.writing import write_file
from hf_lstm.shipped import locate_model

if TYPE_CHECKING:
    from hf_lstm.hub.cards.metadata import CardChoices
    from hf_lstm.model.classifier import LSTMSentiment

_REPOSITORY_ARGUMENTS = ("repo_id", "private", "revision", "create_pr", "commit_message", "publish_examples")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "push",
        "Push a saved model to the Hub: weights, config, tokenizer, card, provenance and report, in one commit. "
        "Pushing again is safe. If the model learned from private data, the names of its labels and the words of its "
        "vocabulary are published, but no text, and no path of this machine.",
        examples=[f"{EXAMPLE_MODEL} --dry-run", f"{EXAMPLE_MODEL} --private"],
    )
    parser.add_argument("folder", metavar="FOLDER", type=lambda name: Path(locate_model(name)), help="model folder")
    parser.add_argument("--dry-run", action="store_true", help="list what would be pushed, and push nothing")
    add_repository_arguments(parser)
    add_card_arguments(parser)
    return parser.parse_args(argv)


def add_repository_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the repository and the commit."""
    parser.add_argument(
        "--repo-id",
        metavar="ORG/NAME",
        help="where to push (default: <you>/DATA-RECIPE, or <you>/imdb-lstm for IMDB)",
    )
    parser.add_argument("--private", action="store_true", help="make a new Hub repository private")
    parser.add_argument("--revision", metavar="BRANCH", help="push to this branch, made if need be (default: main)")
    parser.add_argument("--create-pr", action="store_true", help="open a pull request instead of pushing to the branch")
    parser.add_argument("--commit-message", metavar="TEXT", help="title of the commit or pull request")
    parser.add_argument(
        "--publish-examples",
        action="store_true",
        help="push the texts that card and report show, too (default: only those of public data)",
    )


def add_card_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for licence and language in the card.

    Only the publisher of a model can say these.
    """
    parser.add_argument(
        "--license", metavar="ID", help="licence of the weights, such as apache-2.0 (default: that of an earlier card)"
    )
    parser.add_argument(
        "--language", metavar="CODE", help="language of the texts (default: that of an earlier card, or en for IMDB)"
    )


def list_repository_options(arguments: argparse.Namespace) -> dict[str, str | bool]:
    """Return the given options of `add_repository_arguments`, with their values."""
    values = {f"--{name.replace('_', '-')}": getattr(arguments, name) for name in _REPOSITORY_ARGUMENTS}
    return {option: value for option, value in values.items() if value}


def main(argv: Sequence[str]) -> None:
    """Push the folder, and print its URL."""
    arguments = parse_arguments(argv)
    folder: Path = arguments.folder
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; expected a saved model")

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.hub.cards.metadata import CardChoices, get_data_source, name_repository
    from hf_lstm.hub.privacy import is_folder_public
    from hf_lstm.hub.publication import format_plan, plan_publication
    from hf_lstm.hub.push import require_login, resolve_repo_id
    from hf_lstm.model.classifier import LSTMSentiment

    model = LSTMSentiment.from_pretrained(folder)  # what can't be loaded is not pushed
    if model.results is None and (folder / RESULTS_FILE).is_file():
        raise InputError(
            f"{folder}: {RESULTS_FILE} has figures of other labels than those of config.json; load the model and save "
            "it again to leave the figures out, or set the labels back and use model.rename_labels"
        )
    source = get_data_source(model.recipe, model.results) or folder.resolve().name
    wanted = arguments.repo_id or name_repository(source, model.recipe.name if model.recipe else None)
    choices = CardChoices(license=arguments.license, language=arguments.language)
    if arguments.dry_run:
        is_public = is_folder_public(folder)
        shows_examples = is_public or arguments.publish_examples
        card = render_card_to_push(folder, model, wanted, choices, shows_examples=shows_examples)
        plan = plan_publication(folder, is_public=is_public, publish_examples=arguments.publish_examples, card=card)
        print(format_plan(plan, f"{wanted}, of which nothing is pushed now"))
        return
    repo_id = resolve_repo_id(wanted, require_login())
    choices = ask_choices(choices, folder, is_language_known=is_language_known(model))
    print(f"pushed: {push_folder(folder, model, repo_id, choices, arguments)}")


def ask_choices(choices: "CardChoices", folder: Path | None, *, is_language_known: bool) -> "CardChoices":
    """Ask at a terminal for licence and language, if nothing says them; elsewhere they are left out.

    Args:
        choices: those of the command line.
        folder: with a card that may say them; None if there is none yet.
        is_language_known: the language needs no asking.
    """
    from hf_lstm.hub.cards.card import has_edited_card, read_choices
    from hf_lstm.hub.cards.metadata import CardChoices

    if not (sys.stdin.isatty() and sys.stdout.isatty()) or (folder is not None and has_edited_card(folder)):
        return choices
    known = choices if folder is None else choices.or_else(read_choices(folder / CARD_FILE))
    asked = CardChoices(
        license=known.license
        or input("licence of the weights, such as apache-2.0 (Enter: none chosen): ").strip()
        or None,
        language=known.language
        or (None if is_language_known else input("language of the texts, such as en (Enter: not said): ").strip())
        or None,
    )
    return choices.or_else(asked)


def is_language_known(model: "LSTMSentiment") -> bool:
    """Return whether the card says the language without being told: of film reviews."""
    from hf_lstm.hub.cards.metadata import IMDB_SOURCES, get_data_source

    return get_data_source(model.recipe, model.results) in IMDB_SOURCES


def render_card_to_push(
    folder: Path, model: "LSTMSentiment", repo_id: str, choices: "CardChoices", *, shows_examples: bool
) -> bytes | None:
    """Render the card of a model folder for its place on the Hub.

    None if somebody edited the folder's card, which then goes as it is, or if jinja2 is not installed.
    """
    from hf_lstm.hub.cards.card import has_edited_card, read_choices, render_card

    if has_edited_card(folder) or not is_installed("jinja2"):
        return None
    card = render_card(
        config=model.config,
        recipe=model.recipe,
        results=model.results,
        repo_id=repo_id,
        choices=choices.or_else(read_choices(folder / CARD_FILE)),
        folder=folder,
        shows_examples=shows_examples,
    )
    return card.encode()


def push_folder(
    folder: Path, model: "LSTMSentiment", repo_id: str, choices: "CardChoices", arguments: argparse.Namespace
) -> str:
    """Push a model folder, and return the URL of the commit or pull request.

    The folder's card then is the one that was pushed, whose example loads the model from the Hub.
    """
    from hf_lstm.hub.privacy import is_folder_public
    from hf_lstm.hub.push import DEFAULT_MESSAGE, push_model_folder

    again = [str(folder)]
    for option, value in list_repository_options(arguments).items():
        again += [option] if value is True else [option, str(value)]
    for option, chosen in (("--license", arguments.license), ("--language", arguments.language)):
        again += [option, chosen] if chosen else []
    is_public = is_folder_public(folder)
    shows_examples = is_public or arguments.publish_examples
    card = render_card_to_push(folder, model, repo_id, choices, shows_examples=shows_examples)
    url = push_model_folder(
        folder,
        repo_id,
        revision=arguments.revision,
        create_pr=arguments.create_pr,
        private=arguments.private or None,
        commit_message=arguments.commit_message or DEFAULT_MESSAGE,
        publish_examples=arguments.publish_examples,
        card=card,
        is_public=is_public,
        retry_hint=f"{name_command('push')} {shlex.join(again)}",
    )
    if card is not None:
        with contextlib.suppress(OSError):  # a folder that can't be written keeps its card
            write_file(folder / CARD_FILE, card)
    return url
