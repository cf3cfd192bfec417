"""Reads labeled rows from a file or an Arrow table."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import Dataset, Features

from hf_lstm.data.columns import Columns, LabeledTable, find_columns
from hf_lstm.data.parsing import iterate_json_objects, locate_row, open_delimited
from hf_lstm.errors import InputError


def read_file(path: Path, wanted: Columns) -> LabeledTable:
    """Read the texts and labels of one file.

    Its suffix tells the type.

    Raises:
        InputError: the file is missing, empty, of an unknown type, damaged, not UTF-8, or lacks a column, a text or a
            field; the message names file, row, line and column.
    """
    readers = {
        ".csv": read_delimited, ".tsv": read_delimited,
        ".jsonl": read_json, ".ndjson": read_json, ".json": read_json,
        ".parquet": _read_parquet, ".arrow": _read_arrow_file,
    }  # fmt: skip
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if path.suffix.lower() not in readers:
        raise InputError(f"{path}: unknown file type {path.suffix!r}; expected one of {', '.join(readers)}")
    if not path.stat().st_size:
        raise InputError(f"{path}: the file is empty; expected rows with a text and a label")
    return _check_texts(readers[path.suffix.lower()](path, wanted))


def read_arrow_table(name: str, table: pa.Table, features: Features, wanted: Columns) -> LabeledTable:
    """Read the texts and labels of an Arrow table.

    `name` is what error messages call it. `features` names the classes of its labels, if they are class ids.

    Raises:
        InputError: a column is missing or can't be a text or a label, or a text is null.
    """
    text_column, label_column = find_columns(name, table.column_names, wanted)
    texts, labels = table[text_column], table[label_column]
    if pa.types.is_dictionary(texts.type):
        texts = texts.cast(texts.type.value_type)
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type) or pa.types.is_null(texts.type)):
        raise InputError(f"{name}, column {text_column!r}: holds {texts.type} values, but texts must be strings")
    if pa.types.is_nested(labels.type) or pa.types.is_binary(labels.type) or pa.types.is_temporal(labels.type):
        raise InputError(f"{name}, column {label_column!r}: holds {labels.type} values, but each row needs one class")
    class_names = getattr(features.get(label_column), "names", None)
    labels = _name_classes(labels, class_names) if class_names else labels.cast(pa.string())
    table_of_strings = LabeledTable(name, texts.cast(pa.string()), labels, text_column, label_column, class_names)
    return _check_texts(table_of_strings)


def _read_parquet(path: Path, wanted: Columns) -> LabeledTable:
    try:
        schema = pq.read_schema(path)
        columns = find_columns(str(path), schema.names, wanted)
        table = pq.read_table(path, columns=list(columns))
    except pa.ArrowException as error:
        raise _build_damage_error(path, "Parquet", error) from error
    return read_arrow_table(str(path), table, Features.from_arrow_schema(schema), Columns(*columns))


def _read_arrow_file(path: Path, wanted: Columns) -> LabeledTable:
    """Read an Arrow file that `Dataset.save_to_disk` wrote."""
    try:
        dataset = Dataset.from_file(str(path))
    except pa.ArrowException as error:
        raise _build_damage_error(path, "an Arrow stream", error) from error
    return read_arrow_table(str(path), dataset.data.table, dataset.features, wanted)


def _build_damage_error(path: Path, kind: str, error: Exception) -> InputError:
    return InputError(f"{path}: can't be read as {kind} ({str(error).splitlines()[0]}): fetch it anew")


def _name_classes(labels: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    """Replace class ids by names; an id without a name, such as -1, becomes its digits."""
    name_of_id = pa.array([None if name is None else str(name) for name in names])
    has_name = pc.and_(pc.greater_equal(labels, 0), pc.less(labels, len(names)))
    return pc.if_else(has_name, name_of_id.take(pc.if_else(has_name, labels, None)), labels.cast(pa.string()))


def _check_texts(table: LabeledTable) -> LabeledTable:
    if not len(table.texts):
        raise InputError(f"{table.name}: there are no rows; expected texts and their labels")
    if table.texts.null_count:
        row = pc.index(table.texts.is_null(), True).as_py()
        where = table.locate(row, table.text_column)
        raise InputError(f"{where}: there is no text (null); drop the row, or write an empty text")
    return table


def read_delimited(path: Path, wanted: Columns) -> LabeledTable:
    """Read the rows of a CSV or TSV file.

    The first line names the columns. Blank lines are skipped.

    Raises:
        InputError: the file is not UTF-8, a row has more or fewer fields than the header, or its quotes don't match.
    """
    texts: list[str] = []
    labels: list[str] = []
    lines: list[int] = []
    with open_delimited(path) as file:
        columns = find_columns(str(path), file.header, wanted)
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


def read_json(path: Path, wanted: Columns) -> LabeledTable:
    """Read the rows of a JSON or JSON Lines file.

    It has an object on each line, or is one list of objects.

    Raises:
        InputError: the file is not UTF-8 or not JSON. Or a row is no object, lacks a column, or has a text or label of
            the wrong type.
    """
    texts: list[str | None] = []
    labels: list[str | None] = []
    lines: list[int] = []
    columns = None
    for line, row in iterate_json_objects(path):
        where = locate_row(path, len(texts), line)
        columns = columns or find_columns(str(path), list(row), wanted)
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
    """Return whether a text looks like several rows merged by a stray quote.

    At each of its line breaks, such a text has the end of one row and the start of the next, with a known label. It
    arises where a stray quote opens a text, and the next quote happens to stand before a delimiter.
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
