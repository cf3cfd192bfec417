"""Reads CSV, TSV and JSON files row by row, and refuses damaged ones.

CSV and TSV go through Python's csv module in its strict mode. `datasets` uses pandas, which turns the text "NA" into
null, accepts quotes that merge rows, and shifts the columns of a row with a field too many.
"""

import contextlib
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from hf_lstm.errors import InputError

MAX_FIELD_CHARACTERS = 2**31 - 1
"""The most that the csv module takes on every platform. Its default, 128 Ki, is too short for some texts."""

_SEPARATOR_HINT = re.compile(r"sep=([,;\t|])[\r\n]*", re.IGNORECASE)


class DelimitedFile(NamedTuple):
    """Holds an open CSV or TSV file."""

    delimiter: str
    header: list[str]
    rows: Iterator[tuple[int, list[str]]]
    """Each row: the line in which it starts, from 1, and as many fields as the header has. Blank lines are skipped."""


@contextlib.contextmanager
def open_delimited(path: Path) -> Iterator[DelimitedFile]:
    """Open a CSV or TSV file, and read its header.

    The first line names the columns. Before it there may be a line such as `sep=;`, which Excel knows.

    Raises:
        InputError: at once, or when a row is read: the file is not UTF-8, a row has more or fewer fields than the
            header, or its quotes don't match.
    """
    with open_utf8(path) as stream:
        first = stream.readline()
        hint = _SEPARATOR_HINT.fullmatch(first)
        delimiter = hint[1] if hint else _find_delimiter(path, first)
        if hint is None:
            stream.seek(0)
        rows = _parse_delimited(path, stream, delimiter, first_line=2 if hint else 1)
        _, header = next(rows, (1, []))
        yield DelimitedFile(delimiter, header, _check_rows(path, rows, len(header), delimiter))


def iterate_json_objects(path: Path) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Yield each object of a JSON or JSON Lines file, with its line.

    The line is None if the file is one JSON list.

    Raises:
        InputError: the file is not UTF-8 or not JSON, or a row is no object.
    """
    for index, (line, row) in enumerate(_parse_json(path)):
        if not isinstance(row, dict):
            where = locate_row(path, index, line)
            raise InputError(f"{where}: expected an object such as {{'text': ..., 'label': ...}}")
        yield line, row


def locate_row(path: Path, index: int, line: int | None) -> str:
    """Describe the place of a row, counted from 0, for error messages."""
    return f"{path}, row {index + 1}" + (f" (line {line})" if line else "")


def _check_rows(
    path: Path, rows: Iterator[tuple[int, list[str]]], num_fields: int, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    for index, (line, fields) in enumerate(rows):
        if len(fields) != num_fields:
            raise InputError(
                f"{locate_row(path, index, line)}: {len(fields)} fields, but the header has {num_fields}; "
                f"put quotes around a text that holds {delimiter!r}"
            )
        yield line, fields


def _parse_delimited(path: Path, stream: TextIO, delimiter: str, *, first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the line in which each row starts, and the row's fields."""
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    field_size_limit = csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        while True:
            line = reader.line_num + first_line
            fields = next(reader, None)
            if fields is None:
                return
            if fields:
                yield line, fields
    except csv.Error as error:
        last = reader.line_num + first_line - 1
        raise InputError(
            f"{path}, row that starts in line {line}: quotes don't match near line {last} ({error}); "
            'put quotes around the whole field and write each quote inside it twice ("")'
        ) from error
    finally:
        csv.field_size_limit(field_size_limit)


def _find_delimiter(path: Path, header: str) -> str:
    """Find the delimiter of a header: that of the suffix, else a semicolon or tab."""
    usual = "\t" if path.suffix.lower() == ".tsv" else ","
    return next((delimiter for delimiter in (usual, ";", "\t") if delimiter in header), usual)


def _parse_json(path: Path) -> Iterator[tuple[int | None, Any]]:
    """Yield each row, with its line if the file is JSON Lines."""
    line = 0
    with open_utf8(path) as stream:
        try:
            if stream.read(4096).lstrip().startswith("["):
                stream.seek(0)
                yield from ((None, row) for row in json.load(stream))
                return
            stream.seek(0)
            for line, text in enumerate(stream, start=1):
                if text.strip():
                    yield line, json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(
                f"{path}, line {line or error.lineno}: not JSON ({error.msg}, column {error.colno}); "
                "expected an object on each line, or one list of objects"
            ) from error


@contextlib.contextmanager
def open_utf8(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file, with or without a byte order mark.

    Line breaks stay as they are.

    Raises:
        InputError: at once, or while it is read: the file is UTF-16, has a NUL, or has a line that is not UTF-8.
    """
    with path.open("rb") as binary:
        head = binary.read(4096)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _alternates_with_nul(head):
        raise _build_encoding_error(path, "the file", "UTF-16")
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        raise InputError(f"{path}: contains a NUL in line {line}, which is no text; remove it")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError as error:
        with path.open("rb") as binary:
            line = next(number for number, line in enumerate(binary, start=1) if not _is_utf8(line))
        raise _build_encoding_error(path, f"line {line}", "WINDOWS-1252") from error


def _alternates_with_nul(head: bytes) -> bool:
    """Return whether every other byte is often NUL, as in UTF-16."""
    return any(head[start::2].count(0) > len(head) / 4 for start in (0, 1))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _build_encoding_error(path: Path, where: str, encoding: str) -> InputError:
    return InputError(
        f"{path}: {where} is not UTF-8 but looks like {encoding}; convert it: "
        f"iconv -f {encoding} -t UTF-8 '{path}' > '{path.stem}-utf8{path.suffix}'"
    )
