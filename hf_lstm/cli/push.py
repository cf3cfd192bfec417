"""Pushes a saved model to the Hub."""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common import build_parser, name_command
from hf_lstm.errors import InputError
from hf_lstm.files import CARD_FILE

if TYPE_CHECKING:
    from hf_lstm.hub.card_metadata import CardChoices
    from hf_lstm.model.classifier import LSTMSentiment

_REPOSITORY_ARGUMENTS = ("repo_id", "private", "revision", "create_pr", "commit_message")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "push",
        "Push a saved model to the Hub: weights, config, tokenizer, card, provenance and report, in one commit. "
        "Pushing again is safe.",
        examples=["runs/pooled-bilstm --repo-id org/imdb-lstm"],
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="model folder")
    add_repository_arguments(parser)
    add_card_arguments(parser)
    return parser.parse_args(argv)


def add_repository_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the repository and the commit."""
    parser.add_argument(
        "--repo-id",
        metavar="ORG/NAME",
        help="where to push (default: <you>/imdb-lstm, or <you>/DATA-lstm for other data)",
    )
    parser.add_argument("--private", action="store_true", help="make a new Hub repository private")
    parser.add_argument("--revision", metavar="BRANCH", help="push to this branch, made if need be (default: main)")
    parser.add_argument("--create-pr", action="store_true", help="open a pull request instead of pushing to the branch")
    parser.add_argument("--commit-message", metavar="TEXT", help="title of the commit or pull request")


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
    from hf_lstm.hub.card_metadata import CardChoices, get_data_source, name_repository
    from hf_lstm.hub.push import require_login, resolve_repo_id
    from hf_lstm.model.classifier import LSTMSentiment

    model = LSTMSentiment.from_pretrained(folder)  # what can't be loaded is not pushed
    default_name = name_repository(get_data_source(model.recipe, model.results) or folder.name)
    repo_id = resolve_repo_id(arguments.repo_id, require_login(), default_name)
    choices = CardChoices(license=arguments.license, language=arguments.language)
    renew_card(folder, model, repo_id, choices)
    print(f"pushed: {push_folder(folder, repo_id, arguments)}")


def renew_card(folder: Path, model: "LSTMSentiment", repo_id: str, choices: "CardChoices") -> None:
    """Write the card of a model folder anew.

    Its example then loads the model from the Hub. A card that somebody edited is kept.

    Raises:
        InputError: the folder can't be written.
    """
    from hf_lstm.hub.card import write_card

    try:
        write_card(
            folder,
            config=model.config,
            recipe=model.recipe,
            results=model.results,
            repo_id=repo_id,
            choices=choices,
        )
    except OSError as error:
        raise InputError(
            f"{folder / CARD_FILE}: can't be written ({error.strerror}), but is to name {repo_id}; push a copy"
        ) from None


def push_folder(folder: Path, repo_id: str, arguments: argparse.Namespace) -> str:
    """Push a model folder, and return the URL.

    It is that of the commit or pull request.
    """
    from hf_lstm.hub.push import DEFAULT_MESSAGE, push_model_folder

    again = [str(folder)]
    for option, value in list_repository_options(arguments).items():
        again += [option] if value is True else [option, str(value)]
    return push_model_folder(
        folder,
        repo_id,
        revision=arguments.revision,
        create_pr=arguments.create_pr,
        private=arguments.private or None,
        commit_message=arguments.commit_message or DEFAULT_MESSAGE,
        retry_hint=f"{name_command('push')} {shlex.join(again)}",
    )
