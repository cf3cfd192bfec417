"""Reads CSV and TSV files row by row, and refuses damaged ones.

They go through Python's csv module in its strict mode. `datasets` uses pandas, which turns the text "NA" into null,
accepts quotes that merge rows, and shifts the columns of a row with a field too many.
"""

import contextlib
import csv
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from hf_lstm.errors import InputError
from hf_lstm.formats.compression import split_suffixes
from hf_lstm.formats.encodings import describe_byte, open_text
from hf_lstm.formats.row_files import MISSING_LABELS, Place, RowFile

MAX_FIELD_CHARACTERS = 2**31 - 1
"""The most that the csv module takes on every platform. Its default, 128 Ki, is too short for some texts."""

_SEPARATOR_HINT = re.compile(r"sep=([,;\t|])[\r\n]*", re.IGNORECASE)
_JSON_STARTS = ('{"', '[{"')
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
"""A byte that Python could not decode, with the errors `surrogateescape`."""
_ROW_NAME = re.compile(r"[0-9]+")
_DELIMITERS = (",", ";", "\t", "|")
_NUM_DISTINCT_ROW_NAMES = 10_000
"""So many row names are compared with each other. R has no two alike; class ids are soon repeated."""


class _Dialect(NamedTuple):
    delimiter: str
    skips_blanks: bool
    """Whether blanks after a delimiter belong to no field: `neg, "a film"`."""
    first_line: int


@contextlib.contextmanager
def open_delimited(path: Path, encoding: str | None = None, *, errors: str = "strict") -> Iterator[RowFile]:
    """Open a CSV or TSV file, and read its header.

    `errors` is what Python does with bytes that it can't decode.

    The first line names the columns. Before it there may be a line such as `sep=;`, which Excel knows. Rows may start
    with a number that has no column, as R writes row names. Blank lines are skipped.

    Raises:
        InputError: at once, or when a row is read: the file is not in this encoding, a row has more or fewer fields
            than the header, or repeats it, or its quotes don't match.
    """
    with open_text(path, encoding, errors=errors) as stream:
        try:
            dialect, lines = _find_dialect(path, stream)
            rows = _parse(path, lines, dialect)
            _, header = next(rows, (1, []))
            checked = _check_rows(path, rows, header, dialect.delimiter)
            yield RowFile(str(path), header, checked, MISSING_LABELS, dialect.delimiter)
        except UnicodeDecodeError as error:
            # Of some encodings, as UTF-16, no byte is escaped.
            field = _find_bad_field(path, encoding) if errors == "strict" else None
            if field is None:
                raise  # `open_text` says at least the line
            raise InputError(field) from error


def _find_dialect(path: Path, stream: TextIO) -> tuple[_Dialect, Iterator[str]]:
    """Find how fields are separated; return it with the lines from the header on."""
    head = _read_until_text(stream)
    hint = _SEPARATOR_HINT.fullmatch(head[-1])
    if head[-1].lstrip().startswith(_JSON_STARTS):
        raise InputError(f"{path}: holds JSON, whatever its name says; give it the suffix .jsonl or .json")
    skipped = len(head) if hint else 0
    head = _read_until_text(stream) if hint else head
    rows = _read_until_text(stream)
    delimiter = hint[1] if hint else _find_delimiter(path, head[-1], rows[-1])
    dialect = _Dialect(delimiter, _has_padded_quotes(head[-1], rows[-1], delimiter), 1 + skipped)
    return dialect, itertools.chain(head, rows, stream)


def _read_until_text(stream: TextIO) -> list[str]:
    """Read lines up to the first one that is not blank."""
    lines = [stream.readline()]
    while lines[-1] and not lines[-1].strip():
        lines.append(stream.readline())
    return lines


def _find_delimiter(path: Path, header: str, first_row: str) -> str:
    """Find the delimiter: one that cuts header and first row into as many fields, else one that the header has.

    That of the suffix comes first.
    """
    usual = "\t" if split_suffixes(path)[0] == ".tsv" else ","
    for delimiter in (usual, *_DELIMITERS):
        if 1 < _count_fields(header, delimiter) == _count_fields(first_row, delimiter):
            return delimiter
    return next((delimiter for delimiter in (usual, ";", "\t") if delimiter in header), usual)


def _count_fields(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0


def _has_padded_quotes(header: str, first_row: str, delimiter: str) -> bool:
    """Return whether a blank stands between a delimiter and a quote that opens a field."""
    for line in (header, first_row):
        with contextlib.suppress(csv.Error):
            for fields in csv.reader([line], delimiter=delimiter):
                if any(re.match(' +"', field) for field in fields[1:]):
                    return True
    return False


def _check_rows(
    path: Path, rows: Iterator[tuple[int, list[str]]], header: list[str], delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with as many fields as the header, without R's row names."""
    has_row_names = False
    row_names: set[str] = set()
    for index, (line, fields) in enumerate(rows):
        if index == 0:
            has_row_names = len(fields) == len(header) + 1 and _ROW_NAME.fullmatch(fields[0]) is not None
        if len(fields) != len(header) + has_row_names:
            raise InputError(
                f"{Place(path, index, line)}: {len(fields)} fields, but the header has {len(header)}"
                f"{' and rows have names' if has_row_names else ''}; {_advise(fields, len(header), delimiter)}"
            )
        if has_row_names and (not _ROW_NAME.fullmatch(fields[0]) or fields[0] in row_names):
            what = "is repeated" if fields[0] in row_names else "is no number as in the rows before"
            raise InputError(
                f"{Place(path, index, line)}: {len(fields)} fields, but the header has {len(header)}, and the "
                f"first is no row name, as it {what}; {_advise(fields, len(header), delimiter)}"
            )
        if has_row_names and len(row_names) < _NUM_DISTINCT_ROW_NAMES:
            row_names.add(fields[0])
        if fields == header and len(header) > 1:
            raise InputError(
                f"{Place(path, index, line)}: repeats the header, as if files had been joined; remove the line"
            )
        yield line, fields[has_row_names:]


def _advise(fields: list[str], num_columns: int, delimiter: str) -> str:
    """Say what to do about a row that has another number of fields than there are columns."""
    if any(re.match(' +"', field) for field in fields):
        return "remove the blanks before quotes"
    if len(fields) < num_columns:
        return "put quotes around a text that holds a line break"
    if not any(field.strip() for field in fields[num_columns:]):
        return f"remove the {delimiter!r} at the end of rows, or add as many to the header"
    return f"put quotes around a text that holds {delimiter!r}"


def _parse(path: Path, lines: Iterator[str], dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the line in which each row starts, and the row's fields."""
    reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True, skipinitialspace=dialect.skips_blanks)
    field_size_limit = csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        while True:
            line = reader.line_num + dialect.first_line
            fields = next(reader, None)
            if fields is None:
                return
            if fields:
                yield line, fields
    except csv.Error as error:
        last = reader.line_num + dialect.first_line - 1
        raise InputError(
            f"{path}, row that starts in line {line}: quotes don't match near line {last} ({error}); "
            'put quotes around the whole field, without blanks around them, and write each quote inside it twice ("")'
        ) from error
    finally:
        csv.field_size_limit(field_size_limit)


def _find_bad_field(path: Path, encoding: str | None) -> str | None:
    """Say which field of a file can't be decoded; None if that can't be told."""
    with (
        contextlib.suppress(InputError, UnicodeError),
        open_delimited(path, encoding, errors="surrogateescape") as file,
    ):
        for name in file.columns:
            if escaped := _ESCAPED_BYTE.search(name):
                return f"{path}, header: {describe_byte(ord(escaped[0]) - 0xDC00, encoding)}"
        for index, (line, fields) in enumerate(file.rows):
            for column, field in zip(file.columns, fields, strict=True):
                if escaped := _ESCAPED_BYTE.search(field):
                    byte = describe_byte(ord(escaped[0]) - 0xDC00, encoding, escaped.start())
                    return f"{Place(path, index, line)}, column {column!r}: {byte}"
    return None
