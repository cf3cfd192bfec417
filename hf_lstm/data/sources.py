"""Finds the rows of a data argument.

They are the sample, a file, a folder, a data set on the Hub, or rows in memory.
"""

from __future__ import annotations

import importlib.resources
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import datasets
import pyarrow as pa
from datasets import Dataset, DatasetDict, Features
from datasets.data_files import EmptyDatasetError
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError, DatasetsError
from huggingface_hub.errors import HFValidationError

from hf_lstm.data.cache import get_cache_folder
from hf_lstm.data.columns import Columns, LabeledTable
from hf_lstm.data.readers import read_arrow_table, read_file
from hf_lstm.data.splits import SPLITS
from hf_lstm.errors import InputError
from hf_lstm.hub.errors import HOW_TO_LOG_IN, HUB_ERRORS, describe_hub_error, write_on_one_line

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = "sample"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow")
T = TypeVar("T")
REMEDY = f"pass --dataset {SAMPLE}, a folder or a file"
IN_MEMORY = "data in memory"
"""What a recipe calls rows that were passed from Python. They can't be loaded again by a name."""

Rows: TypeAlias = "str | Path | pd.DataFrame | Dataset | DatasetDict | tuple[Sequence[str], Sequence[str | int]]"
"""Labeled rows: a path, a Hub id, `sample`, a data frame, a data set, or a pair of as many texts as labels."""

_EXPECTED = (
    "a path, a Hub id, a pandas DataFrame, a datasets.Dataset or DatasetDict, or a pair of texts and labels of one "
    "length"
)


def find_files(source: str) -> dict[str, list[Path]] | None:
    """Find the files of each split of a local source; None for a Hub id.

    The splits are train, validation and test, as far as the source has them. A single file is train.

    Raises:
        InputError: there is no such file or folder, or the folder has no data files of these splits.
    """
    if source == SAMPLE:
        folder = Path(str(importlib.resources.files("hf_lstm") / "resources" / "sample"))
        return {split: [folder / f"{split}.parquet"] for split in SPLITS}
    path = Path(source).expanduser()
    if path.is_dir():
        return _find_folder_files(path)
    if path.exists():
        return {"train": [path]}
    if path.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1 or path.suffix.lower() in SUFFIXES:
        raise InputError(f"{source}: there is no such file or folder; {REMEDY}, or a Hub id such as stanfordnlp/imdb")
    return None


def is_single_file(source: str) -> bool:
    """Return whether a source is one file, and so has no splits."""
    return source != SAMPLE and Path(source).expanduser().is_file()


def load_hub_dataset(source: str) -> dict[str, Dataset]:
    """Load train, validation and test of a Hub data set.

    Other splits are not downloaded. What was downloaded is kept in this package's own cache folder: else
    `datasets.load_dataset` would take it for the whole data set.

    Raises:
        InputError: the data set is unknown, gated, can't be read, or is neither cached nor within reach.
    """
    try:
        builder = _make_builder(source)
        if builder.config.data_files is not None:  # None if it comes from the cache
            builder.config.data_files = _select_splits(source, builder.config.data_files)
            if hasattr(builder.config, "keep_default_na"):
                builder.config.keep_default_na = False  # else the text "NA" of a CSV file becomes null
        builder.download_and_prepare(verification_mode="no_checks")  # that check would miss the other splits
        return {split: builder.as_dataset(split=split) for split in _select_splits(source, builder.info.splits)}
    except InputError:
        raise
    except (DatasetsError, *HUB_ERRORS) as error:
        raise _describe_error(error, source) from error


def _make_builder(source: str) -> datasets.DatasetBuilder:
    try:
        return datasets.load_dataset_builder(source, cache_dir=str(get_cache_folder()))
    except ConnectionError:
        if not datasets.config.HF_HUB_OFFLINE:
            raise
        return datasets.load_dataset_builder(source)  # the user's own `load_dataset` may have cached it


def _find_folder_files(folder: Path) -> dict[str, list[Path]]:
    """Find the files of each split in a folder, as `datasets` does.

    It goes by the configuration in README.md, else by the names of the files.
    """
    try:
        builder = datasets.load_dataset_builder(str(folder), cache_dir=str(get_cache_folder()))
    except (ValueError, RuntimeError, OSError) as error:
        raise InputError(
            f"{folder}: no data set found there ({str(error).splitlines()[0]}); expected files such as "
            "train.csv and test.csv, or plain_text/train-00000-of-00001.parquet"
        ) from error
    data_files = _select_splits(str(folder), builder.config.data_files)
    return {split: [Path(file) for file in files] for split, files in data_files.items()}


def _select_splits(source: str, available: Mapping[str, T]) -> dict[str, T]:
    selected = {split: available[split] for split in SPLITS if split in available}
    if not selected:
        raise InputError(f"{source}: has the splits {', '.join(available)}; expected train, test and maybe validation")
    return selected


def _describe_error(error: Exception, source: str) -> InputError:
    """Describe in one line why a data set can't be loaded.

    `datasets` replaces some errors of the Hub's client by its own, so those are described, too.
    """
    reason = error.__cause__ if isinstance(error, DatasetGenerationError) else error
    line = write_on_one_line(reason)
    if isinstance(reason, DatasetNotFoundError) and "gated" in line:
        page = f"{datasets.config.HF_ENDPOINT}/datasets/{source}"
        return InputError(f"{source}: is gated on the Hub: accept its terms at {page}, and {HOW_TO_LOG_IN}")
    if isinstance(reason, DatasetNotFoundError):
        return InputError(
            f"{source}: is neither a file or folder here nor on the Hub, or is private there: check the name, "
            f"{HOW_TO_LOG_IN}, or {REMEDY}"
        )
    if isinstance(reason, HFValidationError):
        return InputError(f"{source}: is no file or folder here, and can't be a Hub id ({line}); {REMEDY}")
    if isinstance(reason, ConnectionError):
        return InputError(
            f"{source}: the Hub can't be reached and no earlier run has cached it ({line}); check the network and "
            f"HF_ENDPOINT, unset HF_HUB_OFFLINE, or {REMEDY}"
        )
    if isinstance(error, (DatasetGenerationError, EmptyDatasetError, ValueError, RuntimeError)):
        return InputError(f"{source}: can't be read as a data set ({line}); {REMEDY}")
    return InputError(f"{describe_hub_error(error, f'data set {source!r}')}; or {REMEDY}")


@dataclass(frozen=True)
class InMemorySplits:
    """Holds the rows of each split, at least one of them in memory."""

    splits: Mapping[str, Path | tuple[pa.Table, Features]]
    """A file, or a table with its features."""
    whole_name: str | None = None
    """What error messages call rows of no split, which go by `train` here; None if the splits are named."""
    names_columns: bool = True
    """Whether the rows are tables whose columns have names, and not a pair of texts and labels."""

    def read(self, wanted: Columns) -> dict[str, list[LabeledTable]]:
        """Read the texts and labels of each split.

        Raises:
            InputError: a column is missing, or a row can't be used; the message names the row.
        """
        return {
            split: [
                read_file(rows, wanted)
                if isinstance(rows, Path)
                else read_arrow_table(self.whole_name or split, *rows, wanted)
            ]
            for split, rows in self.splits.items()
        }


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


def _convert_split(rows: Any, split: str) -> Path | tuple[pa.Table, Features]:
    if isinstance(rows, (str, Path)):
        path = Path(rows).expanduser()
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
    return table, Features.from_arrow_schema(table.schema)


def _is_ordered(part: Any) -> bool:
    """Return whether texts or labels have an order to pair them by: a set has none, and a string is one text."""
    return isinstance(part, (list, tuple, pa.Array, pa.ChunkedArray)) or hasattr(part, "tolist")


def _build_pair_table(texts: Any, labels: Any, split: str) -> pa.Table:
    listed = [part.tolist() if hasattr(part, "tolist") else list(part) for part in (texts, labels)]
    if len(listed[0]) != len(listed[1]):
        raise InputError(
            f"{split} rows are {len(listed[0])} texts and {len(listed[1])} labels; expected as many of both"
        )
    for row, text in enumerate(listed[0]):
        if not isinstance(text, str):
            raise InputError(f"{split}, row {row + 1}: the text is {type(text).__name__}, expected a string")
    labels = [None if label != label else label for label in listed[1]]  # NaN is no label
    try:
        label_column = pa.array(labels)
    except pa.ArrowException:
        kinds = list(dict.fromkeys(type(label).__name__ for label in labels if label is not None))
        raise InputError(f"{split} rows have labels of the types {', '.join(kinds)}; expected one type") from None
    return pa.table({"text": pa.array(listed[0], pa.string()), "label": label_column})
