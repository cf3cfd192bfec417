"""Finds the rows that a data argument names: the sample, a file, a folder, the Hub, or rows in memory."""

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

if TYPE_CHECKING:
    import pandas as pd
from hf_lstm.errors import InputError
from hf_lstm.hub.errors import HOW_TO_LOG_IN, HUB_ERRORS, describe_hub_error, write_on_one_line

SAMPLE = "sample"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow")
T = TypeVar("T")
REMEDY = f"pass --dataset {SAMPLE}, a folder or a file"
IN_MEMORY = "data in memory"
"""Stands in a recipe for rows that no name leads back to."""

Rows: TypeAlias = "str | Path | pd.DataFrame | Dataset | DatasetDict | tuple[Sequence[str], Sequence[str | int]]"
"""Labeled rows: a path, a Hub id or `sample`; a data frame, a data set, or texts and labels of one length."""

_EXPECTED = (
    "a path, a Hub id, a pandas DataFrame, a datasets.Dataset or DatasetDict, or a pair of texts and labels of one "
    "length"
)


def find_files(source: str) -> dict[str, list[Path]] | None:
    """Return the files of each of train, validation and test that a local source has; None if it is a Hub id.

    A single file counts as train.

    Raises:
        InputError: there is no such file or folder, or the folder has no data files, or none for train and test.
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
    """Return whether `source` is one file, which has no splits."""
    return source != SAMPLE and Path(source).expanduser().is_file()


def load_hub_dataset(source: str) -> dict[str, Dataset]:
    """Return the train, validation and test splits of a Hub data set; other splits are not even downloaded.

    They are prepared in a folder of their own, so that `datasets.load_dataset` never takes them for the whole data set.

    Raises:
        InputError: the data set is unknown, gated, unreachable and not cached, or can't be read.
    """
    try:
        builder = _make_builder(source)
        if builder.config.data_files is not None:  # None if it comes from the cache
            builder.config.data_files = _select_splits(source, builder.config.data_files)
            if hasattr(builder.config, "keep_default_na"):
                builder.config.keep_default_na = False  # else the text "NA" of a CSV file becomes null
        builder.download_and_prepare(verification_mode="no_checks")  # it would miss the splits left out
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
    """Return the files of each split as `datasets` finds them: by the README's configuration, else by their names."""
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
    """Return one line that says why; `datasets` drops the client's own errors and leaves only a message of its own."""
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
class HeldSplits:
    """Rows by split, of which at least one is in memory."""

    splits: Mapping[str, Path | tuple[pa.Table, Features]]
    """A file, or a table with what its columns hold."""

    def read(self, wanted: Columns) -> dict[str, list[LabeledTable]]:
        """Return the texts and labels of each split.

        Raises:
            InputError: a column is missing, or a row can't be used; the message names the row.
        """
        return {
            split: [read_file(rows, wanted) if isinstance(rows, Path) else read_arrow_table(split, *rows, wanted)]
            for split, rows in self.splits.items()
        }


def hold(data: Rows, validation: Rows | None = None, test: Rows | None = None) -> str | HeldSplits:
    """Return the name of rows that can be read again by it, or else the rows.

    Args:
        data: rows to train on, or all splits in one.
        validation: rows of that split, instead of those of `data` or of some cut from train.
        test: likewise.

    Raises:
        InputError: something is of another kind, or texts and labels differ in their number.
    """
    if isinstance(data, (str, Path)) and validation is None and test is None:
        return str(data)
    if isinstance(data, DatasetDict):
        held = {split: _hold_split(data[split], split) for split in SPLITS if split in data}
        if not held:
            raise InputError(f"the DatasetDict has the splits {', '.join(map(str, data))}; expected train")
    else:
        held = {"train": _hold_split(data, "train")}
    for split, rows in (("validation", validation), ("test", test)):
        if rows is not None:
            held[split] = _hold_split(rows, split)
    return HeldSplits(held)


def _hold_split(rows: Any, split: str) -> Path | tuple[pa.Table, Features]:
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
        elif isinstance(rows, (tuple, list)) and len(rows) == 2 and not any(isinstance(part, str) for part in rows):
            table = _pair_up(rows[0], rows[1], split)
        else:
            raise InputError(f"{split} rows are {type(rows).__name__}, expected {_EXPECTED}")
    except (pa.ArrowException, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{split} rows can't be read as a table: {str(error).splitlines()[0]}") from None
    return table, Features.from_arrow_schema(table.schema)


def _pair_up(texts: Any, labels: Any, split: str) -> pa.Table:
    listed = [part.tolist() if hasattr(part, "tolist") else list(part) for part in (texts, labels)]
    if len(listed[0]) != len(listed[1]):
        raise InputError(
            f"{split} rows are {len(listed[0])} texts and {len(listed[1])} labels; expected as many of both"
        )
    for row, text in enumerate(listed[0]):
        if not isinstance(text, str):
            raise InputError(f"{split}, row {row + 1}: the text is {type(text).__name__}, expected a string")
    return pa.table({"text": pa.array(listed[0], pa.string()), "label": pa.array(listed[1])})
