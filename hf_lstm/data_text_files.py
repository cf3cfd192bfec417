"""Reads labeled texts from CSV, TSV and JSON files, refusing whatever would shift, merge or change a row."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from hf_lstm.data_columns import LabeledTable, find_columns
from hf_lstm.errors import InputError
from hf_lstm.row_files import iterate_json_objects, locate_row, open_delimited


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
        where = locate_row(path, len(texts), line)
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
