"""Reads labeled texts from CSV, TSV and JSON files, refusing whatever would shift, merge or change a row.

Python's own csv module reads them, strictly: pandas, which `datasets` uses, turns the text "NA" into null, accepts
quotes that merge rows, and shifts the columns of a row with a field too many.
"""

import contextlib
import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pyarrow as pa

from hf_lstm.data_columns import LabeledTable, find_columns
from hf_lstm.errors import InputError

MAX_FIELD_CHARACTERS = 2**31 - 1
"""The most that the csv module takes on every platform; its default of 128 Ki is shorter than a text may be."""


_SEPARATOR_HINT = re.compile(r"sep=([,;\t|])[\r\n]*", re.IGNORECASE)


class DelimitedFile(NamedTuple):
    """An open CSV or TSV file."""

    delimiter: str
    header: list[str]
    rows: Iterator[tuple[int, list[str]]]
    """The line in which each row starts, from 1, and as many fields as the header has; blank lines are skipped."""


def read_delimited(path: Path, text_column: str | None, label_column: str | None) -> LabeledTable:
    """Return the rows of a CSV or TSV file whose first line names the columns; blank lines are skipped.

    Raises:
        InputError: the file is not UTF-8, a row has not as many fields as the header, or its quotes don't match.
    """
    texts: list[str] = []
    labels: list[str] = []
    lines: list[int] = []
    with open_delimited(path) as file:
        columns = find_columns(str(path), file.header, text_column, label_column)
        text_index, label_index = map(file.header.index, columns)
        for line, fields in file.rows:
            texts.append(fields[text_index])
            labels.append(fields[label_index])
            lines.append(line)
    table = _build_table(path, texts, labels, columns, lines)
    known_labels = set(labels)
    for row, text in enumerate(texts):
        if ("\n" in text or "\r" in text) and _looks_like_merged_rows(
            text, known_labels, file.delimiter, len(file.header), text_index, label_index
        ):
            raise InputError(
                f"{table.locate(row, columns[0])}: the text holds whole rows, as if a stray quote had merged them; "
                "correct the quote that opens it, or give the rows as JSON Lines or Parquet"
            )
    return table


def read_json(path: Path, text_column: str | None, label_column: str | None) -> LabeledTable:
    """Return the rows of a file with a JSON object on each line, or with one JSON list of objects.

    Raises:
        InputError: the file is not UTF-8 or not JSON, or a row is no object, lacks a column, or its text or label is of
            an unsuitable type.
    """
    texts: list[str | None] = []
    labels: list[str | None] = []
    lines: list[int] = []
    columns = None
    for line, row in iterate_json_objects(path):
        where = _locate(path, len(texts), line)
        columns = columns or find_columns(str(path), list(row), text_column, label_column)
        for column in columns:
            if column not in row:
                raise InputError(f"{where}: there is no column {column!r}, which the first row has")
        text, label = (row[column] for column in columns)
        if not isinstance(text, str | None):
            raise InputError(f"{where}, column {columns[0]!r}: {json.dumps(text)[:40]} is no text")
        if not isinstance(label, str | int | float | None):
            raise InputError(f"{where}, column {columns[1]!r}: {json.dumps(label)[:40]} is no class")
        texts.append(text)
        labels.append(label if isinstance(label, str | None) else json.dumps(label))
        if line:
            lines.append(line)
    if columns is None:
        raise InputError(f"{path}: there are no rows; expected texts and their labels")
    return _build_table(path, texts, labels, columns, lines or None)


@contextlib.contextmanager
def open_delimited(path: Path) -> Iterator[DelimitedFile]:
    """Open a CSV or TSV file whose first line names the columns; a line `sep=;` as Excel knows it may stand before.

    Raises:
        InputError: here or from the rows: the file is not UTF-8, a row has not as many fields as the header, or its
            quotes don't match.
    """
    with _open_utf8(path) as stream:
        first = stream.readline()
        hint = _SEPARATOR_HINT.fullmatch(first)
        delimiter = hint[1] if hint else _find_delimiter(path, first)
        if hint is None:
            stream.seek(0)
        rows = _parse_delimited(path, stream, delimiter, first_line=2 if hint else 1)
        _, header = next(rows, (1, []))
        yield DelimitedFile(delimiter, header, _check_rows(path, rows, len(header), delimiter))


def iterate_json_objects(path: Path) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Yield each object of a JSON Lines file with its line, or of a file that is one JSON list.

    Raises:
        InputError: the file is not UTF-8 or not JSON, or a row is no object.
    """
    for index, (line, row) in enumerate(_parse_json(path)):
        if not isinstance(row, dict):
            raise InputError(f"{_locate(path, index, line)}: expected an object such as {{'text': ..., 'label': ...}}")
        yield line, row


def _check_rows(
    path: Path, rows: Iterator[tuple[int, list[str]]], num_fields: int, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    for index, (line, fields) in enumerate(rows):
        if len(fields) != num_fields:
            raise InputError(
                f"{_locate(path, index, line)}: {len(fields)} fields, but the header has {num_fields}; "
                f"put quotes around a text that holds {delimiter!r}"
            )
        yield line, fields


def _locate(path: Path, index: int, line: int | None) -> str:
    return f"{path}, row {index + 1}" + (f" (line {line})" if line else "")


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
    """Return the delimiter that the header holds: the suffix's own, else a semicolon or tab as spreadsheets write."""
    usual = "\t" if path.suffix.lower() == ".tsv" else ","
    return next((delimiter for delimiter in (usual, ";", "\t") if delimiter in header), usual)


def _looks_like_merged_rows(
    text: str, known_labels: set[str], delimiter: str, num_fields: int, text_index: int, label_index: int
) -> bool:
    """Return whether at each line break the text holds the rest of one row and the start of the next, label included.

    That is what a stray quote before a text leaves when the next quote happens to stand before a delimiter.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    if label_index > text_index:
        num_after = num_fields - 1 - text_index
        ends = (line.rsplit(delimiter, num_after) for line in lines[:-1])
        return all(len(end) > num_after and end[label_index - text_index] in known_labels for end in ends)
    starts = (line.split(delimiter, text_index) for line in lines[1:])
    return all(len(start) > text_index and start[label_index] in known_labels for start in starts)


def _parse_json(path: Path) -> Iterator[tuple[int | None, Any]]:
    """Yield each row, with its line where the file has a row per line."""
    line = 0
    with _open_utf8(path) as stream:
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


def _build_table(
    path: Path,
    texts: Sequence[str | None],
    labels: Sequence[str | None],
    columns: tuple[str, str],
    lines: Sequence[int] | None,
) -> LabeledTable:
    arrays = []
    for column, values in zip(columns, (texts, labels), strict=True):
        try:
            arrays.append(pa.chunked_array([pa.array(values, pa.string())]))
        except UnicodeEncodeError as error:  # JSON's escapes can write half a character
            row = next(row for row, value in enumerate(values) if value == error.object)
            where = f"{path}, row {row + 1}, column {column!r}"
            raise InputError(f"{where}: holds half of a surrogate pair, which is no text; remove it") from error
    return LabeledTable(str(path), arrays[0], arrays[1], *columns, lines=lines)


@contextlib.contextmanager
def _open_utf8(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file, with or without a byte order mark, line breaks untouched; name the encoding it has instead."""
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
    """Return whether every other byte is mostly NUL, as in UTF-16 of most languages' blanks and letters."""
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
