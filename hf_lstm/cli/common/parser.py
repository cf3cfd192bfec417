"""Builds the parsers of commands, and names commands as they were called."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from hf_lstm.config.overrides import find_sections
from hf_lstm.config.pretrain import LM
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, RECIPES

EXAMPLE_MODEL = f"runs/sample-{DEFAULT_RECIPE}"
"""What `hf-lstm train --dataset sample` writes: the model of examples that can be pasted."""

_SCRIPTS: Mapping[str, str] = {
    "train": "scripts/train.py",
    "predict": "scripts/predict.py",
    "evaluate": "scripts/evaluate.py",
    "export": "scripts/export_onnx.py",
    "serve": "space/app.py",
}
"""The commands that a checkout also has as files."""


def name_command(command: str) -> str:
    """Return how to call a command, as this process was called.

    For usage lines and hints: `hf-lstm predict`, `python -m hf_lstm predict`, or `python scripts/predict.py`.
    """
    called = Path(sys.argv[0])
    if called.parts[-2:] == ("hf_lstm", "__main__.py"):
        return f"python -m hf_lstm {command}"
    is_script = called.name in {Path(script).name for script in _SCRIPTS.values()}
    return f"python {_SCRIPTS[command]}" if is_script and command in _SCRIPTS else f"hf-lstm {command}"


def build_parser(
    command: str, description: str, *, examples: Sequence[str], notes: str = ""
) -> argparse.ArgumentParser:
    """Build the parser of a command, without arguments.

    Args:
        command: its name, as in `name_command`.
        description: what it does; wrapped to the terminal.
        examples: arguments of a call, one line each, which can be pasted.
        notes: what `--help` shows between the arguments and the examples, as it stands.
    """
    called = name_command(command)
    lines = "\n".join(f"  {called} {example}" for example in examples)
    heading = "examples" if len(examples) > 1 else "example"
    return _Parser(
        prog=called,
        description=wrap(description),
        epilog=f"{notes}\n\n{heading}:\n{lines}".lstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,  # wraps no example
    )


class _Parser(argparse.ArgumentParser):
    """Says of settings of a recipe and of rows, which are given by options, how they are given."""

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and exit."""
        _, is_unknown, arguments = message.partition("unrecognized arguments: ")
        if is_unknown and "--set" in self._option_string_actions:
            recipe = LM if self.prog.endswith("pretrain") else RECIPES[DEFAULT_RECIPE]
            section_of = find_sections(recipe)
            given = [argument[2:].partition("=")[0].replace("-", "_") for argument in arguments.split()]
            hints = [f"--set {section_of[name]}.{name}=..." for name in given if name in section_of]
            message += f"; a setting of the recipe is given as {' '.join(hints)}" if hints else ""
        if (
            is_unknown
            and "--dataset" in self._option_string_actions
            and not any(word.startswith("-") for word in arguments.split())
        ):
            message += f"; rows to read are given as --dataset {arguments}"
        super().error(message)


def wrap(text: str) -> str:
    """Wrap a paragraph of help to the terminal's width."""
    return textwrap.fill(text, max(shutil.get_terminal_size().columns - 2, 40))  # as wide as argparse's own
