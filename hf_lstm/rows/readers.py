"""Reads labeled rows from a file, a folder of a class, or an Arrow table."""

import dataclasses
import json
from collections.abc import Sequence, Set
from pathlib import Path
from typing import TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Features

from hf_lstm.errors import InputError, shorten
from hf_lstm.formats.arrow_files import ArrowFile, convert_texts
from hf_lstm.formats.catalog import LINES, get_format, open_file
from hf_lstm.formats.encodings import open_text
from hf_lstm.formats.row_files import ABSENT, Place, RowFile, check_text
from hf_lstm.rows.class_files import list_class_files
from hf_lstm.rows.columns import Columns, MissingLabelColumnError, find_columns
from hf_lstm.rows.labels import LabeledTable
from hf_lstm.rows.merged_rows import refuse_merged_rows
from hf_lstm.rows.multi_label import LISTS, is_list, join_indicators, take_lists
from hf_lstm.tokenization.word_patterns import replace_surrogates

_ROWS_PER_CHUNK = 10_000
_Label: TypeAlias = str | list[str] | None


def read_file(path: Path, wanted: Columns, encoding: str | None = None) -> LabeledTable:
    """Read the texts and labels of one file, or of a folder of texts that is named like their class.

    Raises:
        MissingLabelColumnError: the file has texts, but no labels.
        InputError: the file is missing, empty, of an unknown type, damaged, not in this encoding, or lacks a column, a
            text or a field; the message names file, row, line and column.
    """
    if path.is_dir():
        return _read_class_folder(path, encoding)
    if get_format(path) is LINES:
        raise MissingLabelColumnError(
            f"{path}: a text file has no labels; expected a table such as .csv, or a folder of texts for each class"
        )
    with open_file(path, encoding) as file:
        return _read_arrow_file(file, wanted) if isinstance(file, ArrowFile) else _read_rows(file, wanted)


def read_arrow_table(name: str, table: pa.Table, features: Features, wanted: Columns) -> LabeledTable:
    """Read the texts and labels of an Arrow table.

    `name` is what error messages call it. `features` names the classes of its labels, if they are class ids.

    Raises:
        MissingLabelColumnError: there are texts, but no labels.
        InputError: a column is missing or can't be a text or a label, or a text is null.
    """
    text_column, *label_columns = find_columns(name, table.column_names, wanted)
    texts = convert_texts(table[text_column], f"{name}, column {text_column!r}")
    unlabeled = LabeledTable(name, texts, pa.chunked_array([], pa.string()), text_column, ",".join(label_columns))
    if len(label_columns) > 1:
        marks = {column: table[column].to_pylist() for column in label_columns}
        return _check_texts(join_indicators(marks, unlabeled))
    (label_column,) = label_columns
    labels, feature = table[label_column], features.get(label_column)
    if is_list(labels.type):
        class_names = getattr(getattr(feature, "feature", None), "names", None)
        return _check_texts(take_lists(labels, dataclasses.replace(unlabeled, class_names=class_names)))
    if not _can_be_class(labels.type):
        raise InputError(f"{name}, column {label_column!r}: holds {labels.type} values, but each row needs one class")
    class_names = getattr(feature, "names", None)
    labels = _name_classes(name, label_column, labels, class_names) if class_names else _write_labels(labels)
    return _check_texts(dataclasses.replace(unlabeled, labels=labels, class_names=class_names))


def _read_arrow_file(file: ArrowFile, wanted: Columns) -> LabeledTable:
    columns = find_columns(file.name, file.columns, wanted)
    batches = list(file.read(columns))
    schema = pa.schema([file.schema.field(column) for column in columns], file.schema.metadata)
    table = pa.Table.from_batches(batches, batches[0].schema if batches else schema)
    found = Columns(columns[0], ",".join(columns[1:]))
    return read_arrow_table(file.name, table, _read_features(file.name, schema), found)


def _read_features(name: str, schema: pa.Schema) -> Features:
    """Read what `datasets` noted in a file of these columns, such as the names of classes; nothing where it did not.

    Raises:
        InputError: its note is damaged.
    """
    if b"huggingface" not in (schema.metadata or {}):
        return Features()  # it does not know all types that can be read
    try:
        return Features.from_arrow_schema(schema)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{name}: the types of its columns can't be read ({shorten(error)}); write it anew, with a column of "
            "strings and a column of labels"
        ) from None


def _can_be_class(kind: pa.DataType) -> bool:
    """Tell whether a type can hold a class: text, numbers, or true and false, however they are stored."""
    if pa.types.is_dictionary(kind):
        return _can_be_class(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _can_be_class(kind.storage_type)
    refused = (
        pa.types.is_nested, pa.types.is_temporal, pa.types.is_binary,
        pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary,
    )  # fmt: skip
    return not any(is_kind(kind) for is_kind in refused)


def _write_labels(labels: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write labels as text; NaN is none."""
    if pa.types.is_dictionary(labels.type):
        labels = labels.cast(labels.type.value_type)
    if pa.types.is_floating(labels.type):
        labels = pc.if_else(pc.is_nan(labels), None, labels)
    return labels.cast(pa.string())


def _name_classes(name: str, column: str, labels: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    """Replace class ids by names. -1 is no class, and becomes null.

    Raises:
        InputError: another id has no name.
    """
    has_name = pc.and_(pc.greater_equal(labels, 0), pc.less(labels, len(names)))
    unknown = pc.and_(pc.invert(has_name), pc.not_equal(labels, -1))
    if pc.any(unknown).as_py():
        row = pc.index(unknown, True).as_py()
        raise InputError(
            f"{name}, row {row + 1}, column {column!r}: class id {labels[row]} is none of 0 to {len(names) - 1}"
        )
    name_of_id = pa.array([None if name is None else str(name) for name in names])
    return name_of_id.take(pc.if_else(has_name, labels, None).cast(pa.int64()))


def _check_texts(table: LabeledTable) -> LabeledTable:
    if not len(table.texts):
        raise InputError(f"{table.name}: there are no rows; expected texts and their labels")
    if table.texts.null_count:
        row = pc.index(table.texts.is_null(), True).as_py()
        where = table.locate(row, table.text_column)
        raise InputError(f"{where}: there is no text (null); drop the row, or write an empty text")
    return table


def _read_rows(file: RowFile, wanted: Columns) -> LabeledTable:
    """Read the texts and labels of a file of rows."""
    columns = find_columns(file.name, file.columns, wanted)
    text_index, *label_indices = map(file.columns.index, columns)
    texts: list[str] = []
    labels: list[list[_Label]] = [[] for _ in label_indices]
    lines: list[int] = []
    for index, (line, values) in enumerate(file.rows):
        place = Place(file.name, index, line)
        texts.append(check_text(values[text_index], place, columns[0]))
        for of_column, label_index, column in zip(labels, label_indices, columns[1:], strict=True):
            of_column.append(_check_label(values[label_index], place, column, file.missing_labels))
        if line:
            lines.append(line)
    empty, label_column = pa.chunked_array([], pa.string()), ",".join(columns[1:])
    unlabeled = LabeledTable(file.name, _build_column(texts), empty, columns[0], label_column, lines=lines or None)
    if len(labels) > 1:
        table = join_indicators(dict(zip(columns[1:], labels, strict=True)), unlabeled)
    elif any(isinstance(label, list) for label in labels[0]):
        table = take_lists(_build_lists(labels[0]), unlabeled)
    else:
        table = dataclasses.replace(unlabeled, labels=_build_column(cast("list[str | None]", labels[0])))
    if file.delimiter and len(labels) == 1:
        refuse_merged_rows(table, file)
    return _check_texts(table)


def _check_label(value: object, place: Place, column: str, missing: Set[str]) -> _Label:
    """Return the label as text, or several as a list of texts; None if the value says that there is none."""
    if value is ABSENT:
        raise InputError(f"{place}: there is no column {column!r}, which the first row has")
    if isinstance(value, list):
        return [_check_one(label, place, column) for label in value]
    if not isinstance(value, str | int | float | None):
        raise InputError(f"{place}, column {column!r}: {type(value).__name__} is no class; expected a name or a number")
    if isinstance(value, str):
        return None if value.strip().casefold() in missing else replace_surrogates(value)
    return None if value is None or value != value else json.dumps(value)  # NaN is not itself


def _check_one(label: object, place: Place, column: str) -> str:
    """Return one of several labels as text."""
    if not isinstance(label, str | int | float) or label != label:
        what = "null" if label is None else type(label).__name__
        raise InputError(f"{place}, column {column!r}: a list holds {what}; expected names or numbers")
    return replace_surrogates(label) if isinstance(label, str) else json.dumps(label)


def _build_lists(labels: Sequence[_Label]) -> pa.ChunkedArray:
    lists = [[label] if isinstance(label, str) else label for label in labels]
    return pa.chunked_array([pa.array(lists, LISTS)], LISTS)


def _build_column(values: Sequence[str | None]) -> pa.ChunkedArray:
    starts = range(0, len(values), _ROWS_PER_CHUNK)
    return pa.chunked_array(
        [pa.array(values[start : start + _ROWS_PER_CHUNK], pa.string()) for start in starts], pa.string()
    )


def _read_class_folder(folder: Path, encoding: str | None) -> LabeledTable:
    """Read each text file of a folder as one text of the class that the folder is called."""
    if folder.name != replace_surrogates(folder.name):
        raise InputError(f"{folder}: the folder's name, which is that of a class, is not UTF-8; rename it")
    texts = []
    files = list_class_files(folder)
    for file in files:
        with open_text(file, encoding, may_be_page=True) as stream:
            texts.append(stream.read())
    labels = pa.chunked_array([pa.array([folder.name] * len(texts), pa.string())])
    return LabeledTable(str(folder), _build_column(texts), labels, "text", "folder")
