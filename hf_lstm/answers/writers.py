"""Writes rows with their answers into CSV, TSV, JSON Lines or Parquet files."""

import base64
import contextlib
import datetime
import decimal
import json
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from hf_lstm.answers.formulas import disarm, is_formula
from hf_lstm.errors import InputError
from hf_lstm.files.partial_files import open_partial
from hf_lstm.formats.row_files import ABSENT
from hf_lstm.tokenization.word_patterns import replace_surrogates

if TYPE_CHECKING:
    from hf_lstm.answers.columns import Answers
    from hf_lstm.answers.rows import TextRows, Window

logger = logging.getLogger(__name__)

OUTPUT_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
Write: TypeAlias = "Callable[[Window, Answers], None]"


def check_output_type(path: Path) -> None:
    """Check that `open_output` can write a file of this type, before any work is done.

    Raises:
        InputError: the suffix is none of `OUTPUT_SUFFIXES`.
        ModuleNotFoundError: pyarrow is needed, and not installed.
    """
    if path.suffix.lower() not in OUTPUT_SUFFIXES:
        raise InputError(
            f"--output {path}: unknown file type {path.suffix!r}; expected one of {', '.join(OUTPUT_SUFFIXES)}"
        )
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet  # noqa: F401


@contextlib.contextmanager
def open_output(
    path: Path, rows: "TextRows", names: Sequence[str], *, spreadsheet_safe: bool = False
) -> Iterator[Write]:
    """Open a file for rows and their answers; give a function that writes a window of them.

    The file appears, or is replaced, at the end. If anything fails before, an older file stays as it is, and no half
    file is left.

    Args:
        path: the file; its suffix tells the type.
        rows: whose columns come first.
        names: of the columns of answers.
        spreadsheet_safe: put an apostrophe before cells of CSV and TSV that a spreadsheet would run as formulas.
    """
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".parquet") and len(set(rows.columns)) < len(rows.columns):
        repeated = next(name for name in rows.columns if rows.columns.count(name) > 1)
        raise InputError(
            f"two columns are called {repeated!r}: a {suffix} file can't hold both; write .csv, or rename one"
        )
    if suffix == ".parquet":
        from hf_lstm.answers.parquet import open_parquet_output

        with open_parquet_output(path, rows.columns, rows.schema, list(names)) as write:
            yield write
        return
    with open_partial(path) as stream:
        if suffix == ".jsonl":
            yield lambda window, answers: _write_json(stream, rows.columns, window, answers)
            return
        writer = CsvWriter(stream, "\t" if suffix == ".tsv" else ",", spreadsheet_safe=spreadsheet_safe)
        writer.write_header([*rows.columns, *names])
        yield writer.write
    if writer.num_formulas:
        logger.warning(
            "%s: %s cells start as formulas do (=, +, -, @); if the file is for a spreadsheet, write it with "
            "--spreadsheet-safe, which puts an apostrophe before them",
            path,
            f"{writer.num_formulas:,}",
        )


class CsvWriter:
    """Writes rows and answers as CSV or TSV.

    Texts are always in quotes: so all readers read lone carriage returns alike.
    """

    def __init__(self, stream: TextIO, delimiter: str = ",", *, spreadsheet_safe: bool) -> None:
        self._stream, self._delimiter = stream, delimiter
        self._spreadsheet_safe = spreadsheet_safe
        self._num_columns = 0
        self.num_formulas = 0
        """Cells written that a spreadsheet would run."""

    def write_header(self, names: Sequence[str]) -> None:
        """Write the names of all columns."""
        self._num_columns = len(names)
        self._write_row(names)

    def write(self, window: "Window", answers: "Answers") -> None:
        """Write a window of rows."""
        num_own = self._num_columns - len(answers.names)
        for values, of_row in zip(list_values(window), zip(*answers.columns, strict=True), strict=True):
            padded = [*values, *[ABSENT] * (num_own - len(values))]
            self._write_row([*padded, *of_row])

    def _write_row(self, values: Sequence[Any]) -> None:
        """Write a row as `csv.writer` does, which looks at each character: a fifth of the time of small models."""
        self._stream.write(f"{self._delimiter.join(map(self._format_cell, values))}\n")

    def _format_cell(self, value: Any) -> str:
        plain = value if isinstance(value, str) else "" if value is ABSENT else to_plain(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and plain is not None:
            return str(plain)
        if not isinstance(plain, str):
            plain = "" if plain is None else json.dumps(plain, ensure_ascii=False)
        cell = replace_surrogates(plain)
        if self._spreadsheet_safe:
            cell = disarm(cell)
        else:
            self.num_formulas += is_formula(cell)
        quoted = cell.replace('"', '""')
        return f'"{quoted}"'


def list_values(window: "Window") -> list[list[Any]]:
    """List the values of each row of a window."""
    if isinstance(window.rows, list):
        return window.rows
    columns = [column.to_pylist() for column in window.rows.columns]
    return [list(values) for values in zip(*columns, strict=True)]


def to_plain(value: Any) -> Any:
    """Convert a value to one that JSON has.

    Times are written in ISO format, decimals in digits, bytes in Base64. NaN becomes None, and infinity a text: `inf`.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta | decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(key): to_plain(each) for key, each in value.items()}
    return [to_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _write_json(stream: TextIO, columns: Sequence[str], window: "Window", answers: "Answers") -> None:
    for values, of_row in zip(list_values(window), zip(*answers.columns, strict=True), strict=True):
        row = {name: to_plain(value) for name, value in zip(columns, values, strict=False) if value is not ABSENT}
        row |= dict(zip(answers.names, of_row, strict=True))
        line = json.dumps(row, ensure_ascii=False)
        if replace_surrogates(line) != line:  # half a character: only JSON's own escapes can write it
            line = json.dumps(row)
        stream.write(f"{line}\n")
