"""Finds the labels of rows that may have any number of them: in lists, in one cell, or in columns of 0 and 1."""

import ast
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from hf_lstm.config.train import AUTO
from hf_lstm.errors import InputError, abbreviate, shorten
from hf_lstm.rows.columns import LABEL_SEPARATOR
from hf_lstm.rows.labels import LabeledTable, LabelMap, clean_label

LISTS = pa.list_(pa.string())
_GIVE_COLUMNS = (
    "of lists of 0 and 1, give a column for each label, and name the columns with commas between "
    "(--label-column toxic,insult; label_column= in Python)"
)
_CONCATENATED = re.compile(r"['\"]\s+['\"]")
"""In what NumPy writes, which Python would read as one name."""
_YES, _NO = frozenset({"1", "true"}), frozenset({"0", "false"})


def find_separator(tables: Iterable[LabeledTable], wanted: str | None) -> tuple[str | None, list[str]]:
    """Find what stands between the labels of a cell, None if each text has one label; and what is to be told of it.

    Unasked, `|` is taken for it only where two different cells share a label: elsewhere it may belong to the names of
    classes.

    Args:
        tables: of the training rows.
        wanted: as `DataConfig.label_separator`.

    Raises:
        InputError: rows have any number of labels, which is not wanted.
    """
    tables = list(tables)
    several = next((table for table in tables if table.is_multi_label), None)
    if several is not None and wanted is None:
        raise InputError(
            f"{several.name}, column {several.label_column!r}: holds any number of labels, but data.label_separator is "
            "none, which says that each text has one class; leave it out, or name a column of one class"
        )
    if several is not None:
        return LABEL_SEPARATOR if wanted in (None, AUTO) else wanted, []
    if wanted != AUTO:
        return wanted, []
    cells = [cell for table in tables for cell in table.labels.unique().to_pylist() if cell and cell.strip()]
    is_written_list = bool(cells) and all(_parse_list(cell) is not None for cell in cells)
    joined = next((cell for cell in cells if LABEL_SEPARATOR in cell), None)
    if is_written_list or (joined is not None and _share_labels(cells)):
        reason = "cells hold lists" if is_written_list else f"{LABEL_SEPARATOR} stands between them"
        told = f"texts may have any number of labels, as {reason}; for one class each, set data.label_separator=none"
        return LABEL_SEPARATOR, [told]
    if joined is None:
        return None, []
    told = f"{shorten(repr(joined))} is one class, as no other has a part of it"
    return None, [f"{told}; for several labels, set data.label_separator='{LABEL_SEPARATOR}'"]


def split_cells(table: LabeledTable, separator: str) -> LabeledTable:
    """Split each cell of a column of labels into a list of them; a blank cell has none.

    `separator` stands between labels. A cell may also be a list as JSON or Python write it.

    Raises:
        InputError: a label stands twice in a cell.
    """
    if table.is_multi_label:
        return table
    cells = table.labels.combine_chunks().dictionary_encode(null_encoding="encode")
    labels = [_split(cell, separator) for cell in cells.dictionary.to_pylist()]
    lists = pa.array(labels, LISTS).take(cells.indices)
    labeled = dataclasses.replace(table, labels=pa.chunked_array([lists], LISTS))
    _refuse_marks(labeled)
    return labeled


def join_indicators(columns: Mapping[str, Sequence[Any]], table: LabeledTable) -> LabeledTable:
    """Give a table the labels that columns of 0 and 1 say.

    Args:
        columns: the values of each column, which is named like its label. -1, or nothing, in all of a row's columns
            says that nobody labeled it.
        table: the texts; its labels are not looked at.

    Raises:
        InputError: a value is neither 0 nor 1; the message names row and column.
    """
    marks = [[_read_mark(value) for value in values] for values in columns.values()]
    labels: list[list[str] | None] = []
    for row, of_row in enumerate(zip(*marks, strict=True)):
        if all(mark is None for mark in of_row):
            labels.append(None)
            continue
        if None in of_row:
            column = list(columns)[of_row.index(None)]
            where, value = table.locate(row, column), columns[column][row]
            raise InputError(f"{where}: {shorten(repr(value))} is neither 0 nor 1, which say whether the text has it")
        labels.append([label for label, mark in zip(columns, of_row, strict=True) if mark])
    return dataclasses.replace(
        table, labels=pa.chunked_array([pa.array(labels, LISTS)], LISTS), class_names=tuple(map(str.strip, columns))
    )


def require_all_marks(table: LabeledTable, names: Sequence[str]) -> None:
    """Refuse columns of 0 and 1 that leave out some of a model's labels: whether texts have those, nobody said.

    So is a single column that is called like a label: its numbers are no class ids.

    Args:
        table: its labels are lists, or not yet split cells.
        names: all labels of the model.

    Raises:
        InputError: a label is left out.
    """
    columns = [clean_label(column) or "" for column in table.label_column.split(",")]
    if len(columns) > 1:
        holds_marks = columns == [clean_label(name) for name in table.class_names or ()]
    else:
        cells: list[str | None] = [] if table.is_multi_label else table.labels.unique().to_pylist()
        written = [cell for cell in cells if clean_label(cell) is not None]
        holds_marks = columns[0] in names and bool(written) and None not in map(_read_mark, written)
    ids = LabelMap.from_model(names).ids
    told = {ids.get(column) for column in columns}
    missing = [name for index, name in enumerate(names) if index not in told]
    if holds_marks and missing:
        raise InputError(
            f"{table.name}: columns of 0 and 1 say which labels texts have, but none is of {abbreviate(missing)}; name "
            "the columns of all of the model's labels, with commas between (--label-column; label_column= in Python)"
        )


def take_lists(lists: pa.ChunkedArray, table: LabeledTable) -> LabeledTable:
    """Give a table the labels of lists: of names, or of ids where the table has `class_names`.

    Raises:
        InputError: what they hold is no label, or 0 and 1 for each label.
    """
    kind = lists.type.value_type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        lists = lists.cast(pa.list_(kind))
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if not (is_text or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise InputError(
            f"{table.name}, column {table.label_column!r}: holds lists of {kind}; expected lists of names or ids; "
            f"{_GIVE_COLUMNS}"
        )
    if table.class_names is None:
        written = lists.cast(LISTS)
    else:
        named = [_name_ids(ids, row, table, table.class_names) for row, ids in enumerate(lists.to_pylist())]
        written = pa.chunked_array([pa.array(named, LISTS)], LISTS)
    labeled = dataclasses.replace(table, labels=written)
    _refuse_marks(labeled)
    return labeled


def is_list(kind: pa.DataType) -> bool:
    """Return whether a column's cells are lists."""
    return any(is_kind(kind) for is_kind in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list))


def _refuse_marks(table: LabeledTable) -> None:
    """Refuse lists that hold no labels but a mark for each, 0 or 1.

    They are told by a label that stands twice; where there are but two labels, and each text has one of them, by both
    orders of 0 and 1: lists of ids have but one.
    """
    lists = table.labels.to_pylist()
    if {tuple(map(_read_mark, labels)) for labels in lists if labels is not None} == {(True, False), (False, True)}:
        where = f"{table.name}, column {table.label_column!r}"
        raise InputError(f"{where}: each list holds 0 and 1, for and against two labels; {_GIVE_COLUMNS}")
    for row, labels in enumerate(lists):
        if labels and len({clean_label(label) for label in labels}) < len(labels):
            where = table.locate(row, table.label_column)
            raise InputError(f"{where}: a label stands twice in {shorten(repr(labels))}; {_GIVE_COLUMNS}")


def _share_labels(cells: Iterable[str]) -> bool:
    """Return whether a part of a cell that holds `|` stands in another cell, too."""
    distinct = {tuple(clean_label(part) for part in _split(cell, LABEL_SEPARATOR)) for cell in cells}
    counts = Counter(part for parts in distinct for part in set(parts))
    return any(len(parts) > 1 and any(counts[part] > 1 for part in parts) for parts in distinct)


def _split(cell: str | None, separator: str) -> list[str]:
    if cell is None or not cell.strip():
        return []
    parts = _parse_list(cell)
    return [part for part in (cell.split(separator) if parts is None else parts) if part.strip()]


def _parse_list(cell: str) -> list[str] | None:
    """Parse a list as JSON or Python write it; None if a cell is none."""
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")) or _CONCATENATED.search(text):
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            values = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return [str(value) for value in values] if all(type(value) in (str, int) for value in values) else None
    return None


def _read_mark(value: Any) -> bool | None:
    """Return whether a row has a label; None if the value does not say."""
    written = clean_label(str(value)) or ""
    return True if written.casefold() in _YES else False if written.casefold() in _NO else None


def _name_ids(ids: Sequence[int] | None, row: int, table: LabeledTable, class_names: Sequence[str]) -> list[str] | None:
    if ids is None:
        return None
    for index in ids:
        if index is None or not 0 <= index < len(class_names):
            where = table.locate(row, table.label_column)
            raise InputError(f"{where}: class id {index} is none of 0 to {len(class_names) - 1}")
    return [str(class_names[index]) for index in ids]
