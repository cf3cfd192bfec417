"""Reads labeled texts from one file of any supported type, or from an Arrow table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import Dataset, Features

from hf_lstm.data_columns import LabeledTable, find_columns
from hf_lstm.data_text_files import read_delimited, read_json
from hf_lstm.errors import InputError


def read_file(path: Path, text_column: str | None, label_column: str | None) -> LabeledTable:
    """Return the texts and labels of one file; its suffix tells the type.

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
    return _check_texts(readers[path.suffix.lower()](path, text_column, label_column))


def read_arrow_table(
    name: str, table: pa.Table, features: Features, text_column: str | None, label_column: str | None
) -> LabeledTable:
    """Return the texts and labels of `table`, called `name` in messages.

    Raises:
        InputError: a column is missing or can't be a text or a label, or a text is null.
    """
    text_column, label_column = find_columns(name, table.column_names, text_column, label_column)
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


def _read_parquet(path: Path, text_column: str | None, label_column: str | None) -> LabeledTable:
    try:
        schema = pq.read_schema(path)
        columns = find_columns(str(path), schema.names, text_column, label_column)
        table = pq.read_table(path, columns=list(columns))
    except pa.ArrowException as error:
        raise _build_damage_error(path, "Parquet", error) from error
    return read_arrow_table(str(path), table, Features.from_arrow_schema(schema), *columns)


def _read_arrow_file(path: Path, text_column: str | None, label_column: str | None) -> LabeledTable:
    """Read a file of a folder that `save_to_disk` of `datasets` wrote."""
    try:
        dataset = Dataset.from_file(str(path))
    except pa.ArrowException as error:
        raise _build_damage_error(path, "an Arrow stream", error) from error
    return read_arrow_table(str(path), dataset.data.table, dataset.features, text_column, label_column)


def _build_damage_error(path: Path, kind: str, error: Exception) -> InputError:
    return InputError(f"{path}: can't be read as {kind} ({str(error).splitlines()[0]}): fetch it anew")


def _name_classes(labels: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    """Return the name of each class id; an id without a name, such as -1, stays in digits."""
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
