"""Runs one of the commands of `hf-lstm`.

Only that command's module is imported.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import NoReturn

from hf_lstm import __version__
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.config.checks import suggest_names
from hf_lstm.errors import InputError

COMMANDS: Mapping[str, str] = {
    "train": "train a recipe, save and measure the model, and push it",
    "pretrain": "train a language model, for classifiers to start from",
    "search": "search for better settings of a recipe, by validation alone",
    "predict": "score a text, a file of texts, or standard input",
    "evaluate": "measure saved models and explain their mistakes",
    "export": "write a saved model as ONNX, checked against PyTorch, or as a page for the browser",
    "serve": "serve a saved model as a web page, or as an API for programs",
    "push": "push a saved model to the Hub",
}
"""By name, what each does. The command NAME is `hf_lstm.cli.NAME.main`."""


def run() -> NoReturn:
    """Run `hf-lstm` on the process's arguments, and exit."""
    run_command_line(main)


def main(argv: Sequence[str]) -> None:
    """Run the command named by the first argument on the others.

    Raises:
        InputError: there is no such command.
    """
    name, *arguments = argv or ["--help"]
    if name in ("-h", "--help"):
        print(format_help())
    elif name == "--version":
        print(f"hf-lstm {__version__}")
    elif name in COMMANDS:
        importlib.import_module(f"hf_lstm.cli.{name}").main(arguments)
    else:
        kind = "option" if name.startswith("-") else "command"
        known = ("--help", "--version") if kind == "option" else COMMANDS
        raise InputError(f"hf-lstm has no {kind} {name!r}; {suggest_names(name, known)}")


def format_help() -> str:
    """Return the text of `hf-lstm --help`."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    return (
        "usage: hf-lstm COMMAND ...\n\n"
        "LSTM text classifiers: train, use, measure, publish and serve them.\n\n"
        f"commands:\n{commands}\n\n"
        "`hf-lstm COMMAND --help` lists what a command takes; `hf-lstm --version` prints the version."
    )
