"""Takes rows from Python callers: names of data, or rows in memory."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from datasets import Dataset, DatasetDict, Features

from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.formats.catalog import has_known_type
from hf_lstm.records.places import join_sources
from hf_lstm.rows.columns import Columns
from hf_lstm.rows.labels import LabeledTable
from hf_lstm.rows.readers import read_arrow_table, read_file
from hf_lstm.sources.split_names import SPLITS

if TYPE_CHECKING:
    import pandas as pd

_Pair: TypeAlias = "tuple[Sequence[str], Sequence[str | int]]"
Rows: TypeAlias = "str | Path | Sequence[str | Path] | pd.DataFrame | Dataset | DatasetDict | _Pair"
"""Labeled rows: a path or several, a Hub id, `sample`, a data frame, a data set, or as many texts as labels."""

_EXPECTED = (
    "a path, a list of paths, a Hub id, a pandas DataFrame, a datasets.Dataset or DatasetDict, or a pair of texts and "
    "labels of one length"
)


@dataclass(frozen=True)
class InMemorySplits:
    """Holds the rows of each split, at least one of them in memory."""

    splits: Mapping[str, Path | tuple[pa.Table, Features]]
    """A file, or a table with its features."""
    whole_name: str | None = None
    """What error messages call rows of no split, which go by `train` here; None if the splits are named."""
    names_columns: bool = True
    """Whether the rows are tables whose columns have names, and not a pair of texts and labels."""

    def list_readers(self, wanted: Columns, encoding: str | None) -> dict[str, list[Callable[[], LabeledTable]]]:
        """List what reads the texts and labels of each split."""
        return {split: [functools.partial(self._read, split, wanted, encoding)] for split in self.splits}

    def _read(self, split: str, wanted: Columns, encoding: str | None) -> LabeledTable:
        rows = self.splits[split]
        if isinstance(rows, Path):
            return read_file(rows, wanted, encoding)
        return read_arrow_table(self.whole_name or split, *rows, wanted)


def resolve_source(
    data: Rows, validation: Rows | None = None, test: Rows | None = None, *, whole_name: str = "train"
) -> str | InMemorySplits:
    """Convert data from a Python caller to a source that can be loaded.

    It is the name alone, if `data` is a path or Hub id and nothing else is given. Else it is the rows.

    Args:
        data: rows to train on, or a `DatasetDict` of all splits.
        validation: rows of that split. By default those of `data`, or some cut from train.
        test: likewise.
        whole_name: what error messages call rows that are no `DatasetDict`.

    Raises:
        InputError: an argument is of another type, or there are not as many texts as labels.
    """
    if isinstance(data, (str, Path)) and validation is None and test is None:
        if not str(data).strip():
            raise InputError(f"the name of the {whole_name} rows is empty; expected {_EXPECTED}")
        return str(data)
    if isinstance(data, (list, tuple)) and data and all(map(_is_file, data)):
        if validation is not None or test is not None:
            raise InputError("a list of files has no place beside validation= or test=; pass one file, or a data frame")
        return join_sources([str(part) for part in data])
    if isinstance(data, DatasetDict):
        splits = {split: _convert_split(data[split], split) for split in SPLITS if split in data}
        if not splits:
            found = ", ".join(map(str, data)) or "none"
            raise InputError(f"the splits of the DatasetDict are {found}; expected train")
    else:
        splits = {"train": _convert_split(data, whole_name)}
    for split, rows in (("validation", validation), ("test", test)):
        if rows is not None:
            splits[split] = _convert_split(rows, split)
    is_whole = len(splits) == 1 and not isinstance(data, DatasetDict)
    return InMemorySplits(splits, whole_name if is_whole else None, names_columns=not isinstance(data, (tuple, list)))


def _is_file(part: Any) -> bool:
    return isinstance(part, (str, Path)) and has_known_type(Path(part))


def _convert_split(rows: Any, split: str) -> Path | tuple[pa.Table, Features]:
    if isinstance(rows, (str, Path)):
        path = expand_home(rows)
        if not path.is_file():
            raise InputError(f"{split} rows {str(rows)!r}: there is no such file; beside other splits, expected a file")
        return path
    if isinstance(rows, Dataset):
        return rows.with_format("arrow")[:], rows.features
    pandas = sys.modules.get("pandas")
    try:
        if pandas is not None and isinstance(rows, pandas.DataFrame):
            table = pa.Table.from_pandas(rows, preserve_index=False)
        elif isinstance(rows, (tuple, list)) and len(rows) == 2 and all(map(_is_ordered, rows)):
            table = _build_pair_table(rows[0], rows[1], split)
        else:
            raise InputError(f"{split} rows are {type(rows).__name__}, expected {_EXPECTED}")
    except (pa.ArrowException, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{split} rows can't be read as a table: {str(error).splitlines()[0]}") from None
    if table.num_rows == 0:  # whose columns have no type to be judged by
        raise InputError(f"{split}: there are no rows; expected texts and their labels")
    return table, Features.from_arrow_schema(table.schema)


def _is_ordered(part: Any) -> bool:
    """Return whether texts or labels have an order to pair them by: a set has none, and a string is one text."""
    return (
        isinstance(part, (list, tuple, pa.Array, pa.ChunkedArray))
        or hasattr(part, "to_numpy")
        or hasattr(part, "tolist")
    )


def _take_only_column(part: Any, what: str, expected: str) -> Any:
    """Return the column of a table or matrix that has but one; what is neither as it is."""
    if getattr(part, "ndim", 1) < 2:
        return part
    if part.ndim > 2 or part.shape[1] != 1:
        raise InputError(f"{what} in {' x '.join(map(str, part.shape[1:]))} columns; expected {expected}")
    return np.asarray(part)[:, 0]


def _list_values(part: Any) -> list[Any]:
    """List the values of a column as Python's own, where it has them in a form of its own."""
    for name in ("tolist", "to_pylist"):
        if hasattr(part, name):
            listed: list[Any] = getattr(part, name)()
            return listed
    return list(part)


def _build_pair_table(texts: Any, labels: Any, split: str) -> pa.Table:
    one_class = "one class each, as of labels.argmax(axis=1), or a list of names for each text"
    texts = _take_only_column(texts, f"{split} rows have texts", "one")
    labels = _take_only_column(labels, f"{split} rows have labels", one_class)
    listed = [_list_values(part) for part in (texts, labels)]
    if len(listed[0]) != len(listed[1]):
        raise InputError(
            f"{split} rows are {len(listed[0])} texts and {len(listed[1])} labels; expected as many of both"
        )
    for row, text in enumerate(listed[0]):
        if not isinstance(text, str):
            shown = "NaN" if isinstance(text, float) and text != text else type(text).__name__
            raise InputError(
                f"{split}, row {row + 1}: the text is {shown}, expected a string; drop the row, or give an empty text"
            )
    labels = [None if label != label else label for label in listed[1]]  # NaN is no label
    try:
        label_column = pa.array(labels)
    except pa.ArrowException:
        kinds = list(dict.fromkeys(type(label).__name__ for label in labels if label is not None))
        raise InputError(f"{split} rows have labels of the types {', '.join(kinds)}; expected one type") from None
    return pa.table({"text": pa.array(listed[0], pa.string()), "label": label_column})
