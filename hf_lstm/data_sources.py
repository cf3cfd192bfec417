"""Finds what a `--dataset` argument names: the embedded sample, a file, a folder, or a data set on the Hub."""

import importlib.resources
import logging
from collections.abc import Mapping
from pathlib import Path

import datasets
from datasets import Dataset

from hf_lstm.data_cache import get_cache_folder
from hf_lstm.errors import InputError
from hf_lstm.splits import SPLITS

SAMPLE = "sample"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
REMEDY = f"pass --dataset {SAMPLE}, a folder or a file"

logger = logging.getLogger(__name__)


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

    They are prepared in a folder of their own, so that `datasets.load_dataset` never finds a cache without the others.

    Raises:
        InputError: the data set is unknown, gated, unreachable and not cached, or can't be read.
    """
    try:
        builder = datasets.load_dataset_builder(source, cache_dir=str(get_cache_folder()))
        data_files = builder.config.data_files
        if data_files is not None:  # None if it comes from the cache
            builder.config.data_files = _select_splits(source, data_files)
        builder.download_and_prepare(verification_mode="no_checks")  # the splits left out would be missed
        return {split: builder.as_dataset(split=split) for split in SPLITS if split in builder.info.splits}
    except Exception as error:
        raise _describe_hub_error(error, source) from error


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


def _select_splits(source: str, data_files: Mapping[str, list[str]]) -> dict[str, list[str]]:
    selected = {split: data_files[split] for split in SPLITS if split in data_files}
    if not selected:
        raise InputError(f"{source}: has the splits {', '.join(data_files)}; expected train, test and maybe validation")
    return selected


def _describe_hub_error(error: Exception, source: str) -> InputError:
    return InputError(str(error))
