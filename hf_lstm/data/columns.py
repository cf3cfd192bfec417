"""Finds the columns of a table, and turns its labels into class ids."""

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
"""More classes than this must have two rows each on average. Else the column holds no classes."""


class Columns(NamedTuple):
    """Names the columns to read; None means the first well-known name."""

    text: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class LabeledTable:
    """Holds the texts and labels of one file or split, as written there."""

    name: str
    """Of the file or split, for error messages."""
    texts: "pa.ChunkedArray"
    """Strings."""
    labels: "pa.ChunkedArray"
    """Strings: class names, or numbers in digits. Null where a row has none."""
    text_column: str
    label_column: str
    class_names: Sequence[str] | None = None
    """The classes in the order of their ids, if the source says it."""
    lines: Sequence[int] | None = None
    """The line of the file in which each row starts, counted from 1. None if the file has no lines."""

    def locate(self, row: int, column: str) -> str:
        """Describe the place of a row, counted from 0, for error messages."""
        line = "" if self.lines is None else f" (line {self.lines[row]})"
        return f"{self.name}, row {row + 1}{line}, column {column!r}"


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Maps labels to class ids, however they are written."""

    names: tuple[str, ...]
    """The classes, in the order of their ids."""
    ids: Mapping[str, int]
    """The class id of each way to write a label."""
    owner: str
    """Whose labels they are, for error messages."""

    @classmethod
    def from_tables(cls, tables: Sequence[LabeledTable]) -> "LabelMap":
        """Build the map from the labels of the training rows.

        The classes keep the order that the source gives. Without one, numbers are sorted by value, and names
        alphabetically.

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
                "name the right column with --label-column (label_column= in Python)"
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
        """Build the map from a model's label names.

        Data may also write a class as its id, unless names are numbers themselves. Of two classes, case does not
        matter, and neg and negative mean the same, as do pos and positive.
        """
        names = tuple(names)
        ids = {name: index for index, name in enumerate(names)}
        if not any(_is_integer(name) for name in names):
            ids |= {str(index): index for index in range(len(names))}
        if len(names) == 2:
            ids |= {name.casefold(): index for index, name in enumerate(names) if name.casefold() not in ids}
            ids |= {SYNONYMS[name]: index for name, index in list(ids.items()) if SYNONYMS.get(name, name) not in ids}
        return cls(names=names, ids=ids, owner="the model's")

    def find_ids(self, names: Sequence[str]) -> list[int] | None:
        """Find the class ids of names, if they are all the classes, each once; None otherwise."""
        found = [self.ids.get(name, self.ids.get(name.casefold())) for name in names]
        ids = [index for index in found if index is not None]
        return ids if len(ids) == len(found) and sorted(ids) == list(range(len(self.names))) else None

    def encode(self, table: LabeledTable) -> "pa.Array":
        """Convert the labels of a table to class ids, int64 (num_rows,).

        Raises:
            InputError: a label is missing, -1, or none of the classes.
        """
        import pyarrow as pa  # may not be installed: scoring a file needs this module, but no pyarrow

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
    """Find the names of the text column and the label column.

    They are those wanted, else the first well-known ones.

    Raises:
        InputError: there is no such column; the message lists all columns.
    """
    text = find_text_column(name, columns, wanted.text)
    label = _find_column(name, columns, "label", wanted.label, LABEL_COLUMNS)
    if text == label:
        raise InputError(f"{name}: text and label are both read from column {text!r}; they must differ")
    return text, label


def find_text_column(name: str, columns: Sequence[str], text_column: str | None) -> str:
    """Find the name of the text column.

    It is `text_column`, else the first well-known one.

    Raises:
        InputError: there is no such column; the message lists all columns.
    """
    return _find_column(name, columns, "text", text_column, TEXT_COLUMNS)


def _sort_labels(labels: Iterable[str]) -> list[str]:
    """Sort distinct labels: whole numbers by value, other labels alphabetically."""
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
    raise InputError(
        f"{name}: {missing}; the columns are {_abbreviate(columns)}: "
        f"name one with --{kind}-column ({kind}_column= in Python)"
    )


def _find_distinct_labels(table: LabeledTable) -> list[tuple[str, int]]:
    """Find the distinct labels, in order of appearance, and the first row of each.

    A class that is written in two ways is listed twice.

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
    """Return the class that a written label means; None for a missing label.

    `1.0`, as pandas writes 1, and ` 1` both mean `1`.
    """
    if written is None or written.strip().casefold() in MISSING_LABELS:
        return None
    number = re.fullmatch(r"\s*(-?[0-9]+)\.0*\s*", written)
    return str(int(number[1])) if number else written.strip()


def _is_integer(label: str) -> bool:
    return re.fullmatch(r"-?[0-9]+", label) is not None


def _abbreviate(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:37]}..." for name in names[:20]]
    return ", ".join(map(repr, shown)) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
