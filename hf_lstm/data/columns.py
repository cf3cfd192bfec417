"""Finds the text and label columns of a table, and turns labels as people write them into class ids."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hf_lstm.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

TEXT_COLUMNS = ("text", "review", "sentence", "content", "comment", "body", "message", "tweet", "document")
LABEL_COLUMNS = ("label", "labels", "sentiment", "class", "category", "target", "polarity", "stars", "rating", "score")
MISSING_LABELS = frozenset({"", "nan", "null"})
SYNONYMS = {"neg": "negative", "negative": "neg", "pos": "positive", "positive": "pos"}
MAX_SPARSE_CLASSES = 20
"""From more classes than this, each must have two rows on average: else the column holds something else."""


class Columns(NamedTuple):
    """The columns that are asked for; None for the first well-known name."""

    text: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class LabeledTable:
    """The texts and labels of one file or Hub split as they stand there, and where each row stands."""

    name: str
    texts: "pa.ChunkedArray"
    labels: "pa.ChunkedArray"
    """Strings: a class name, or a number in digits; null where there is none."""
    text_column: str
    label_column: str
    class_names: Sequence[str] | None = None
    """The names in the order of their ids, where the source gives it."""
    lines: Sequence[int] | None = None
    """The line, from 1, in which each row starts, of a text file."""

    def locate(self, row: int, column: str) -> str:
        """Return where `row`, counted from 0, stands, for an error message."""
        line = "" if self.lines is None else f" (line {self.lines[row]})"
        return f"{self.name}, row {row + 1}{line}, column {column!r}"


@dataclass(frozen=True, slots=True)
class LabelMap:
    """The classes in the order of their ids, and which id each way to write a label stands for."""

    names: tuple[str, ...]
    ids: Mapping[str, int]
    owner: str
    """Whose labels they are, for error messages."""

    @classmethod
    def from_tables(cls, tables: Sequence[LabeledTable]) -> "LabelMap":
        """Return the classes of the training rows: as the source orders them, else numerically or alphabetically.

        Raises:
            InputError: a label is missing or -1, or there are too few or too many classes.
        """
        found = {label for table in tables for label, _ in _find_distinct_labels(table)}
        name, column = tables[0].name, tables[0].label_column
        num_rows = sum(len(table.labels) for table in tables)
        if len(found) < 2:
            raise InputError(
                f"{name}, column {column!r}: all {num_rows} labels are {next(iter(found), None)!r}; "
                "training needs rows of at least two classes"
            )
        if len(found) > MAX_SPARSE_CLASSES and 2 * len(found) > num_rows:
            raise InputError(
                f"{name}, column {column!r}: {len(found)} different labels in {num_rows} rows are no classes; "
                "name the right column with --label-column"
            )
        spellings: dict[str, str] = {}
        for label in sorted(found):
            if (other := spellings.setdefault(label.casefold(), label)) != label:
                raise InputError(
                    f"{name}, column {column!r}: labels {other!r} and {label!r} differ in case alone; write them alike"
                )
        names = tuple(tables[0].class_names or _sort_labels(found))
        ids = {name: index for index, name in enumerate(names) if name in found}
        return cls(names=names, ids=ids, owner="the classes of the training rows")

    @classmethod
    def from_model(cls, names: Iterable[str]) -> "LabelMap":
        """Return a model's classes, which data may also call by their ids, or neg/negative and pos/positive."""
        names = tuple(names)
        ids = {name: index for index, name in enumerate(names)}
        if not any(_is_integer(name) for name in names):
            ids |= {str(index): index for index in range(len(names))}
        if len(names) == 2:
            ids |= {name.casefold(): index for index, name in enumerate(names) if name.casefold() not in ids}
            ids |= {SYNONYMS[name]: index for name, index in list(ids.items()) if SYNONYMS.get(name, name) not in ids}
        return cls(names=names, ids=ids, owner="the model's")

    def encode(self, table: LabeledTable) -> "pa.Array":
        """Return the class id of each row, int64.

        Raises:
            InputError: a label is missing, -1, or none of the classes.
        """
        import pyarrow as pa  # scoring the texts of a file needs its columns' names alone

        codes = table.labels.combine_chunks().dictionary_encode(null_encoding="encode")
        id_of_code = []
        for label, row in _find_distinct_labels(table):
            index = self.ids.get(label, self.ids.get(label.casefold()))
            if index is None:
                raise InputError(
                    f"{table.locate(row, table.label_column)}: label {label!r} is none of {self.owner}: "
                    f"{_abbreviate(list(self.ids))}"
                )
            id_of_code.append(index)
        return pa.array(id_of_code, pa.int64()).take(codes.indices)


def find_columns(name: str, columns: Sequence[str], wanted: Columns) -> tuple[str, str]:
    """Return which columns hold text and label: those wanted, else the first well-known names.

    Raises:
        InputError: there is no such column; the columns there are are listed.
    """
    text = find_text_column(name, columns, wanted.text)
    label = _find_column(name, columns, "label", wanted.label, LABEL_COLUMNS)
    if text == label:
        raise InputError(f"{name}: text and label are both read from column {text!r}; they must differ")
    return text, label


def find_text_column(name: str, columns: Sequence[str], text_column: str | None) -> str:
    """Return which column holds the texts: the one asked for, else the first well-known name.

    Raises:
        InputError: there is no such column; the columns there are are listed.
    """
    return _find_column(name, columns, "text", text_column, TEXT_COLUMNS)


def _sort_labels(labels: Iterable[str]) -> list[str]:
    """Return distinct labels in the order of their ids: numerically if all are whole numbers, else alphabetically."""
    distinct = set(labels)
    if all(_is_integer(label) for label in distinct):
        return sorted(distinct, key=int)
    return sorted(distinct, key=lambda label: (label.casefold(), label))  # neg(ative) comes before pos(itive)


def _find_column(name: str, columns: Sequence[str], kind: str, wanted: str | None, known: Sequence[str]) -> str:
    if wanted is not None and wanted in columns:
        return wanted
    if wanted is None:
        by_name = {column.strip().casefold(): column for column in reversed(columns)}
        for candidate in known:
            if candidate in by_name:
                return by_name[candidate]
    missing = f"there is no {kind} column" if wanted is None else f"there is no column {wanted!r}"
    raise InputError(f"{name}: {missing}; the columns are {_abbreviate(columns)}: name one with --{kind}-column")


def _find_distinct_labels(table: LabeledTable) -> list[tuple[str, int]]:
    """Return each distinct way a label is written, in order of appearance: its class's name and its first row.

    Raises:
        InputError: a label is missing or -1.
    """
    encoded = table.labels.combine_chunks().dictionary_encode(null_encoding="encode")
    _, first_rows = np.unique(encoded.indices.to_numpy(), return_index=True)
    found = []
    for written, row in zip(encoded.dictionary.to_pylist(), first_rows.tolist(), strict=True):
        label = _clean_label(written)
        if label is None or label == "-1":
            what = "there is no label" if label is None else "label -1 marks a row without a label"
            where = table.locate(row, table.label_column)
            raise InputError(f"{where}: {what}; every row needs its class: drop the rows without one")
        found.append((label, row))
    return found


def _clean_label(written: str | None) -> str | None:
    """Return the class that a label names, or None: "1.0", which pandas writes for 1, and " 1" are "1"."""
    if written is None or written.strip().casefold() in MISSING_LABELS:
        return None
    number = re.fullmatch(r"\s*(-?[0-9]+)\.0*\s*", written)
    return str(int(number[1])) if number else written.strip()


def _is_integer(label: str) -> bool:
    return re.fullmatch(r"-?[0-9]+", label) is not None


def _abbreviate(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:37]}..." for name in names[:20]]
    return ", ".join(map(repr, shown)) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
