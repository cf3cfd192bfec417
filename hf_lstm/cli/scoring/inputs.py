"""Opens what is to be scored: a text, a file or standard input."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.rows.texts import check_text_file, read_lines

if TYPE_CHECKING:
    from hf_lstm.answers.rows import TextRows
    from hf_lstm.model.classifier import LSTMSentiment

STANDARD_INPUT = "-"


def check_output(output: Path, source: str) -> None:
    """Check the file of `--output`, before any work is done.

    Raises:
        InputError: it is the input, or of a type that is not written.
    """
    from hf_lstm.answers.writers import check_output_type

    check_output_type(output)
    if os.path.realpath(output) == os.path.realpath(expand_home(source)):
        raise InputError(f"--output {output}: is the input itself; choose another")


def check_input(source: str, text_column: str | None, encoding: str | None = None) -> None:
    """Check that there is a file to read, or that standard input is not asked for a column.

    Raises:
        InputError: as `check_text_file`, or a column of standard input is asked for.
    """
    if source != STANDARD_INPUT:
        remedy = "to score a text that looks like a path, pipe it in, with - as the input"
        check_text_file(expand_home(source), text_column, encoding, remedy=remedy)
    elif text_column is not None:
        raise InputError(f"--text-column {text_column}: standard input has no columns, each of its lines is a text")


@contextlib.contextmanager
def open_input(arguments: argparse.Namespace, model: "LSTMSentiment", *, is_file: bool) -> "Iterator[TextRows]":
    """Open the input: a file, standard input or a text."""
    from hf_lstm.answers.rows import list_texts, open_rows

    if not is_file:
        yield list_texts([arguments.input])
    elif arguments.input == STANDARD_INPUT:
        yield list_texts(read_lines(sys.stdin.buffer, "standard input", arguments.encoding))
    else:
        is_typed = arguments.output is not None and arguments.output.suffix.lower() == ".parquet"
        path, column = expand_home(arguments.input), name_text_column(arguments, model)
        with (
            explain_text_column(arguments, model),
            open_rows(path, column, arguments.encoding, with_types=is_typed) as rows,
        ):
            yield rows


def name_text_column(arguments: argparse.Namespace, model: "LSTMSentiment") -> str | None:
    """Return the column of the texts: that of training, unless an argument names one."""
    return arguments.text_column or (model.recipe.data.text_column if model.recipe else None)


@contextlib.contextmanager
def explain_text_column(arguments: argparse.Namespace, model: "LSTMSentiment") -> Iterator[None]:
    """Say of a column that is missing where its name comes from, if no argument gave it."""
    try:
        yield
    except InputError as error:
        column = name_text_column(arguments, model)
        if arguments.text_column is None and f"there is no column {column!r}" in str(error):
            raise InputError(f"{error}; the model was trained with {column!r}") from None
        raise
