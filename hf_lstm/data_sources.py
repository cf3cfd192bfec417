"""Finds what a `--dataset` argument names: the embedded sample, a file, a folder, or a data set on the Hub."""

import importlib.resources
from collections.abc import Mapping
from pathlib import Path

import datasets
from datasets import Dataset
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError

from hf_lstm.data_cache import get_cache_folder
from hf_lstm.errors import InputError
from hf_lstm.splits import SPLITS

SAMPLE = "sample"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow")
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
        return {split: builder.as_dataset(split=split) for split in SPLITS if split in builder.info.splits}
    except InputError:
        raise
    except Exception as error:  # the client lets its transport's exceptions through, and they change with its releases
        raise _describe_hub_error(error, source) from error


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


def _select_splits(source: str, data_files: Mapping[str, list[str]]) -> dict[str, list[str]]:
    selected = {split: data_files[split] for split in SPLITS if split in data_files}
    if not selected:
        raise InputError(f"{source}: has the splits {', '.join(data_files)}; expected train, test and maybe validation")
    return selected


def _describe_hub_error(error: Exception, source: str) -> InputError:
    reason = " ".join(str(error.__cause__ if isinstance(error, DatasetGenerationError) else error).split())[:300]
    if isinstance(error, DatasetNotFoundError) and "gated" in reason:
        return InputError(
            f"{source}: is gated; accept its terms at {datasets.config.HF_ENDPOINT}/datasets/{source}, "
            "then log in with `hf auth login` or set HF_TOKEN"
        )
    if isinstance(error, DatasetNotFoundError):
        return InputError(
            f"{source}: there is no such file or folder, and the Hub has no such data set or it is private; "
            f"check the name, log in with `hf auth login`, or {REMEDY}"
        )
    if isinstance(error, ConnectionError):
        return InputError(
            f"{source}: the Hub can't be reached ({reason}) and no earlier run has cached it; "
            f"check the connection, or {REMEDY}"
        )
    return InputError(
        f"{source}: can't be loaded from the Hub ({reason}); "
        f"try again, set HF_HUB_OFFLINE=1 if an earlier run has cached it, or {REMEDY}"
    )
