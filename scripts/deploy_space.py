"""Puts the demo on the Hub as a Space, or updates it.

Usage: `python scripts/deploy_space.py --help`.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    from hf_lstm.hub.spaces.demo import Deployment

CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_MODEL = "imdb-lstm"
"""Where `hf-lstm push space/model` pushes to."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Make a Space that serves a model, or update it: app, package and model id, in one commit. What "
        "its owner changed there (title, texts, variables, secrets, hardware, other files) stays.",
        epilog="example: python scripts/deploy_space.py --repo-id imdb-lstm-demo --model-id imdb-lstm",
    )
    parser.add_argument("--repo-id", metavar="ORG/SPACE", required=True, help="the Space; NAME alone is one of yours")
    parser.add_argument(
        "--model-id",
        metavar="ORG/MODEL",
        help="the model on the Hub (default: the one that the Space serves already, else <you>/imdb-lstm)",
    )
    parser.add_argument(
        "--static", action="store_true", help="a page that runs the model in the browser, without a computer behind it"
    )
    parser.add_argument("--private", action="store_true", help="make a new Space private")
    parser.add_argument("--hardware", metavar="NAME", help="request this hardware, e.g. cpu-basic (default: as it is)")
    arguments = parser.parse_args(argv)
    if arguments.static and arguments.hardware:
        raise InputError("--static and --hardware: a static Space has no hardware; expected one of both")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Deploy the Space, and print its URL."""
    arguments = parse_arguments(argv)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.hub.push import require_login, resolve_repo_id
    from hf_lstm.hub.spaces.demo import deploy_space

    user = require_login()
    if arguments.static:
        model_id = resolve_repo_id(arguments.model_id or DEFAULT_MODEL, user)
        print_outcome(deploy_page(resolve_repo_id(arguments.repo_id, user), model_id, arguments.private or None))
        return
    deployment = deploy_space(
        resolve_repo_id(arguments.repo_id, user),
        resolve_repo_id(arguments.model_id, user) if arguments.model_id else None,
        space_folder=CHECKOUT / "space",
        package_folder=CHECKOUT / "hf_lstm",
        default_model_id=resolve_repo_id(DEFAULT_MODEL, user),
        private=arguments.private or None,
        hardware=arguments.hardware,
    )
    print_outcome(deployment)


def deploy_page(repo_id: str, model_id: str, private: bool | None) -> "Deployment":
    """Export the page of a model on the Hub, and deploy it."""
    from hf_lstm.export.browser import export_browser
    from hf_lstm.hub.spaces.static import deploy_static_space
    from hf_lstm.model.classifier import LSTMSentiment

    with tempfile.TemporaryDirectory() as folder:
        export_browser(LSTMSentiment.from_pretrained(model_id), Path(folder))
        return deploy_static_space(repo_id, Path(folder), model_id=model_id, private=private)


def print_outcome(deployment: "Deployment") -> None:
    """Print what came of a deployment."""
    outcome = "deployed" if deployment.has_changed else "nothing changed"
    print(f"{outcome}: {deployment.url}, which serves {deployment.model_id}")


if __name__ == "__main__":
    run_command_line(main)
