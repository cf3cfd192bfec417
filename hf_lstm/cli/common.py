"""Shares exit codes, error messages, names and arguments among the commands."""

import argparse
import dataclasses
import io
import logging
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from hf_lstm.config import Recipe
from hf_lstm.config.recipes import DEFAULT_RECIPE
from hf_lstm.ending import ends_in_time
from hf_lstm.errors import DivergenceError, InputError, LostProcessError, NonFiniteError
from hf_lstm.extras import explain_missing_library
from hf_lstm.records.places import join_sources
from hf_lstm.tracking.trackers import TRACKERS

EXIT_ERROR, EXIT_WRONG_USE, EXIT_INTERRUPTED, EXIT_TERMINATED = 1, 2, 130, 143

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


def run_command_line(main: Callable[[Sequence[str]], None]) -> NoReturn:
    """Run `main` on the process's arguments, and exit.

    Exit codes: 0 done; 2 wrong use, bad input or an extra that is not installed, with one line on stderr; 130 Ctrl-C;
    143 terminated; 1 anything else. Who is asked to end is gone within 10 seconds.
    """
    signal.signal(signal.SIGTERM, _raise_terminated)
    with ends_in_time():
        _run(main)
    sys.exit(0)


def _run(main: Callable[[Sequence[str]], None]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("hf_lstm").setLevel(logging.INFO)
    try:
        main(sys.argv[1:])
        sys.stdout.flush()
    except InputError as error:
        _refuse(error)
    except ModuleNotFoundError as error:
        if (explanation := explain_missing_library(error)) is None:
            raise
        _refuse(explanation)
    except (DivergenceError, LostProcessError, NonFiniteError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        sys.stderr.close()
        sys.exit(EXIT_ERROR)


def be_silent() -> None:
    """Say nothing any more but of errors in the program: another process speaks for this one."""
    speech = sys.stderr

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.stderr = speech
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = show
    logging.getLogger().handlers.clear()
    logging.getLogger().addHandler(logging.NullHandler())
    sys.stdout = sys.stderr = io.StringIO()


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
    return argparse.ArgumentParser(
        prog=called,
        description=wrap(description),
        epilog=f"{notes}\n\n{heading}:\n{lines}".lstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,  # wraps no example
    )


def wrap(text: str) -> str:
    """Wrap a paragraph of help to the terminal's width."""
    return textwrap.fill(text, max(shutil.get_terminal_size().columns - 2, 40))  # as wide as argparse's own


def add_data_arguments(parser: argparse.ArgumentParser, *, default_dataset: str | None) -> None:
    """Add the arguments for the rows to read."""
    default = f"default: {default_dataset}" if default_dataset else "default: the one the recipe names"
    parser.add_argument(
        "--dataset",
        metavar="SOURCE",
        nargs="+",
        action=_JoinSources,
        default=default_dataset,
        help="Hub id, folder, files (.csv, .tsv, .jsonl, .parquet, .xlsx ...; also 'reviews/*.csv'), or `sample` for "
        f"the reviews in the package ({default})",
    )
    parser.add_argument("--config", metavar="NAME", help="configuration, of a data set that has several")
    parser.add_argument("--text-column", metavar="NAME", help="column of the text (default: guessed)")
    parser.add_argument(
        "--label-column",
        metavar="NAME",
        help="column of the label (default: guessed); with commas between, columns of 0 and 1 of any number of labels",
    )
    add_encoding_argument(parser)


def add_encoding_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the encoding of text files."""
    parser.add_argument("--encoding", metavar="NAME", help="of text files, e.g. cp1252 or gb18030 (default: UTF-8)")


class _JoinSources(argparse.Action):
    """Keeps several names of files as the one source that a recipe can remember."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Join the names."""
        setattr(namespace, self.dest, join_sources(values))


def apply_columns(recipe: Recipe, arguments: argparse.Namespace) -> Recipe:
    """Put the columns, encoding and configuration of `add_data_arguments` into a recipe."""
    data = recipe.data.with_columns(
        arguments.text_column, arguments.label_column, encoding=arguments.encoding, config=arguments.config
    )
    return dataclasses.replace(recipe, data=data)


def add_device_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the device to compute on."""
    parser.add_argument(
        "--device",
        default="auto",
        metavar="NAME",
        help="cpu, cuda, xpu, mps, or auto for an accelerator if there is one",
    )


def add_track_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for a program that shows the run."""
    parser.add_argument("--track", choices=TRACKERS, help="show the run in it while it trains")


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument `--set` for a recipe's settings.

    It may be given more than once. What is given is in `assignments`.
    """
    parser.add_argument(
        "--set",
        dest="assignments",
        metavar="SECTION.KEY=VALUE",
        action="extend",
        nargs="+",
        default=[],
        help="change a setting of the recipe, e.g. train.learning_rate=3e-4 model.hidden_size=128",
    )


def check_output_file(output: Path | None) -> None:
    """Check that the file of `--output` can be written.

    This is for the start, before any work is done. None is fine.

    Raises:
        InputError: it is a folder, or there is no folder for it, or none that can be written.
    """
    if output is None:
        return
    if output.is_dir():
        raise InputError(f"--output {output}: is a folder, expected the name of a file")
    if not output.parent.is_dir():
        raise InputError(f"--output {output}: there is no folder {output.parent}; make it first")
    if not os.access(output.parent, os.W_OK):
        raise InputError(f"--output {output}: the folder {output.parent} can't be written; choose another")


def _refuse(error: InputError) -> NoReturn:
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    sys.exit(EXIT_WRONG_USE)


def _raise_terminated(signum: int, frame: FrameType | None) -> NoReturn:
    # As an exception, so that every `finally` on the way removes what is half-done.
    sys.exit(EXIT_TERMINATED)
