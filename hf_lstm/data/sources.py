"""Finds what a `--dataset` argument names: the embedded sample, a file, a folder, or a data set on the Hub."""

import importlib.resources
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import datasets
from datasets import Dataset
from datasets.data_files import EmptyDatasetError
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError, DatasetsError
from huggingface_hub.errors import HFValidationError

from hf_lstm.data.cache import get_cache_folder
from hf_lstm.data.splits import SPLITS
from hf_lstm.errors import InputError
from hf_lstm.hub.errors import HOW_TO_LOG_IN, HUB_ERRORS, describe_hub_error, write_on_one_line

SAMPLE = "sample"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow")
T = TypeVar("T")
REMEDY = f"pass --dataset {SAMPLE}, a folder or a file"


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
