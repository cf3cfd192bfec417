"""Turns labels, as people write them, into class ids."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hf_lstm.errors import InputError, abbreviate

if TYPE_CHECKING:
    import pyarrow as pa

SYNONYMS = {"neg": "negative", "negative": "neg", "pos": "positive", "positive": "pos"}
UNLABELED = frozenset({"-1", "na", "n/a", "none", "<na>", "?"})
"""What a split of nothing else has for labels if it has none, in lower case: GLUE writes -1, R writes NA."""
MAX_SPARSE_CLASSES = 20
"""More classes than this must have two rows each on average. Else the column holds no classes."""
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_WHOLE_NUMBER = re.compile(r"([+-]?)0*([0-9]+)\.0*")


@dataclass(frozen=True, slots=True)
class LabeledTable:
    """Holds the texts and labels of one file or split, as written there."""

    name: str
    """Of the file or split, for error messages."""
    texts: "pa.ChunkedArray"
    """Strings."""
    labels: "pa.ChunkedArray"
    """Strings: class names, or numbers in digits. Null where a row has none. Lists of them, where a row may have any
    number."""
    text_column: str
    label_column: str
    """Several names have commas between."""
    class_names: Sequence[str] | None = None
    """The classes in the order of their ids, if the source says it."""
    lines: Sequence[int] | None = None
    """The line of the file in which each row starts, counted from 1. None if the file has no lines."""

    @property
    def is_multi_label(self) -> bool:
        """Tell whether a row may have any number of labels."""
        import pyarrow as pa

        return bool(pa.types.is_list(self.labels.type))

    def flatten(self) -> "tuple[pa.Array, NDArray[np.int64]]":
        """Return the labels of all rows one after the other, and the number of each one's row."""
        import pyarrow.compute as pc

        labels = self.labels.combine_chunks()
        if not self.is_multi_label:
            return labels, np.arange(len(labels))
        return labels.flatten(), pc.list_parent_indices(labels).to_numpy(zero_copy_only=False)

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
            InputError: a label is missing, two look alike, or there are too few or too many classes.
        """
        found = {label for table in tables for label, _ in _find_distinct_labels(table)}
        name, column = tables[0].name, tables[0].label_column
        num_rows = sum(len(table.labels) for table in tables)
        if len(found) < 2 and tables[0].is_multi_label:
            raise InputError(
                f"{name}, column {column!r}: texts have no other label than {next(iter(found), None)!r}; any number of "
                "labels needs two of them: for one that a text has or has not, give a column of two classes"
            )
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
        _refuse_look_alikes(name, column, found)
        names = [clean_label(label) or label for label in tables[0].class_names or _sort_labels(found)]
        if len(set(names)) < len(names):
            raise InputError(f"{name}, column {column!r}: two classes have one name; the names are {abbreviate(names)}")
        ids = {name: index for index, name in enumerate(names) if name in found}
        return cls(names=tuple(names), ids=ids, owner="the classes of the training rows")

    @classmethod
    def from_model(cls, names: Iterable[str]) -> "LabelMap":
        """Build the map from a model's label names.

        Data may also write a class as its id, unless names are numbers themselves. Of two classes, case does not
        matter, and neg and negative mean the same, as do pos and positive.
        """
        names = tuple(names)
        ids = {name: index for index, name in enumerate(names)}
        ids |= {clean_label(name) or name: index for index, name in enumerate(names)}
        if not any(_INTEGER.fullmatch(name) for name in names):
            ids |= {str(index): index for index in range(len(names))}
        if len(names) == 2:
            ids |= {name.casefold(): index for name, index in list(ids.items()) if name.casefold() not in ids}
            ids |= {SYNONYMS[name]: index for name, index in list(ids.items()) if SYNONYMS.get(name, name) not in ids}
        return cls(names=names, ids=ids, owner="the model's")

    def find_ids(self, names: Sequence[str]) -> list[int] | None:
        """Find the class ids of names, if they are all the classes, each once; None otherwise."""
        found = [self.ids.get(name, self.ids.get(name.casefold())) for name in names]
        ids = [index for index in found if index is not None]
        return ids if len(ids) == len(found) and sorted(ids) == list(range(len(self.names))) else None

    def encode(self, table: LabeledTable) -> "pa.Array":
        """Convert the labels of a table to class ids, int64 (num_rows,), or to a list of them for each row.

        Raises:
            InputError: a label is missing, or none of the classes.
        """
        import pyarrow as pa  # may not be installed: scoring a file needs no pyarrow

        codes = table.flatten()[0].dictionary_encode(null_encoding="encode")
        id_of_code = []
        for label, row in _find_distinct_labels(table):
            index = self.ids.get(label, self.ids.get(label.casefold()))
            if index is None:
                raise InputError(
                    f"{table.locate(row, table.label_column)}: label {label!r} is none of {self.owner}: "
                    f"{abbreviate(list(self.ids))}"
                )
            id_of_code.append(index)
        ids = pa.array(id_of_code, pa.int64()).take(codes.indices)
        return pa.ListArray.from_arrays(_count_up_to_rows(table), ids) if table.is_multi_label else ids

    def is_unlabeled(self, tables: Iterable[LabeledTable]) -> bool:
        """Return whether no row of a split has a label: each is missing, or such as -1 where that is no class."""
        tables = list(tables)
        if any(table.is_multi_label for table in tables):  # a list without a label says that the text has none
            return all(table.labels.null_count == len(table.labels) for table in tables)
        labels = {clean_label(written) for table in tables for written in table.labels.unique().to_pylist()}
        return all(label is None or (label not in self.ids and label.casefold() in UNLABELED) for label in labels)


def clean_label(written: str | None) -> str | None:
    """Return the class that a written label means; None for a missing label.

    `1.0`, as pandas writes 1, and ` 1` both mean `1`. Names are compared in Unicode's composed form (NFC): whether an
    accent is a character of its own does not matter.
    """
    if written is None or not written.strip():
        return None
    number = _WHOLE_NUMBER.fullmatch(written.strip())
    if number is None:
        return unicodedata.normalize("NFC", written.strip())
    return "0" if number[2] == "0" else f"{number[1]}{number[2]}"


def _find_distinct_labels(table: LabeledTable) -> list[tuple[str, int]]:
    """Find the distinct labels, in order of appearance, and the first row of each.

    A class that is written in two ways is listed twice.

    Raises:
        InputError: a label is missing.
    """
    labels, rows = table.flatten()
    encoded = labels.dictionary_encode(null_encoding="encode")
    _, first_places = np.unique(encoded.indices.to_numpy(), return_index=True)
    found = []
    for written, row in zip(encoded.dictionary.to_pylist(), rows[first_places].tolist(), strict=True):
        label = clean_label(written)
        if label is None:
            what = "there is no label" if table.class_names is None else "null or -1 marks a row without a label"
            where = table.locate(row, table.label_column)
            raise InputError(f"{where}: {what}; every row needs its class: drop the rows without one")
        found.append((label, row))
    return found


def _count_up_to_rows(table: LabeledTable) -> "pa.Array":
    """Count the labels before each row of lists, and after the last one.

    Raises:
        InputError: a row has no list.
    """
    import pyarrow as pa

    lists = table.labels.combine_chunks()
    if lists.null_count:
        where = table.locate(lists.is_null().index(True).as_py(), table.label_column)
        raise InputError(f"{where}: nothing says which labels the text has; write an empty list, or 0, if it has none")
    counts = lists.value_lengths().to_numpy(zero_copy_only=False)
    return pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())


def _sort_labels(labels: Iterable[str]) -> list[str]:
    """Sort distinct labels: numbers by value, other labels alphabetically; the same in every process."""
    distinct = set(labels)
    if all(_NUMBER.fullmatch(label) for label in distinct):
        return sorted(distinct, key=lambda label: (Decimal(label), len(label), label))
    return sorted(distinct, key=lambda label: (label.casefold(), label))  # neg(ative) comes before pos(itive)


def _refuse_look_alikes(name: str, column: str, labels: Iterable[str]) -> None:
    """Refuse labels that differ in case, in white space, or in characters that are not shown."""
    spellings: dict[str, str] = {}
    for label in sorted(labels):
        visible = "".join(character for character in label if unicodedata.category(character) != "Cf")
        key = unicodedata.normalize("NFKC", " ".join(visible.split()).casefold())  # also of one width: １ and 1
        if (other := spellings.setdefault(key, label)) != label:
            raise InputError(
                f"{name}, column {column!r}: labels {other!r} and {label!r} differ in {_name_difference(other, label)} "
                "alone; write them alike"
            )


def _name_difference(first: str, second: str) -> str:
    forms = [unicodedata.normalize("NFKC", label) for label in (first, second)]
    if forms == [first, second] and first.casefold() == second.casefold():
        return "case"
    has_blanks = any(map(str.isspace, first + second))
    is_of_one_form = forms[0].casefold() == forms[1].casefold()
    return "the form of characters" if is_of_one_form and not has_blanks else "white space or hidden characters"
