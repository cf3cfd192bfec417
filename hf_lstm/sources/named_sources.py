"""Finds the rows of a data argument: the sample, files, a folder, or a data set on the Hub."""

import importlib.resources
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import datasets
import yaml  # type: ignore[import-untyped]
from datasets import Dataset
from datasets.data_files import EmptyDatasetError
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError, DatasetsError
from huggingface_hub import DatasetCard
from huggingface_hub.errors import HFValidationError

from hf_lstm.errors import InputError, abbreviate
from hf_lstm.files.names import expand_home
from hf_lstm.hub.errors import HOW_TO_LOG_IN, HUB_ERRORS, describe_hub_error, write_on_one_line
from hf_lstm.records.places import SAMPLE
from hf_lstm.rows.early_checks import REMEDY, refuse_missing
from hf_lstm.sources.cache import get_cache_folder
from hf_lstm.sources.class_folders import find_class_folders
from hf_lstm.sources.folders import FoundFiles, describe_files, find_listed_files, find_tables
from hf_lstm.sources.split_names import SPLITS

T = TypeVar("T")


def find_files(source: str, config: str | None = None) -> FoundFiles | None:
    """Find the files of each split of a local source; None for a Hub id.

    The splits are train, validation and test, as far as the source has them.

    Args:
        source: `sample`, a file, several of them, a pattern, or a folder.
        config: the configuration to use, of a folder whose README.md defines several.

    Raises:
        InputError: there is no such file, folder or configuration, or the folder has no data files of these splits.
    """
    path = expand_home(source)
    if source != SAMPLE and os.path.isdir(path):  # unlike `Path.is_dir`, it takes names of any length
        found = _find_configured_files(path, config) or find_tables(path) or find_class_folders(path)
        if found is None:
            raise InputError(
                f"{path}: no data set found there: {describe_files(path)}; expected files such as train.csv and "
                "test.csv, plain_text/train-00000-of-00001.parquet, or texts such as train/pos/1.txt"
            )
        return FoundFiles(_select_splits(source, found.splits), found.has_split_names, found.notes)
    if source == SAMPLE:
        folder = Path(str(importlib.resources.files("hf_lstm") / "resources" / "sample"))
        found = FoundFiles({split: [folder / f"{split}.parquet"] for split in SPLITS})
    elif os.path.exists(path):
        found = FoundFiles({"train": [path]}, has_split_names=False)
    else:
        found = find_listed_files(source)
    if found is not None and config is not None:
        raise InputError(f"{source}: has no configurations; leave out --config {config} (config= in Python)")
    if found is None:
        refuse_missing(source)
    return found


def is_here(source: str) -> bool:
    """Return whether a source can be read on this machine now: `sample`, a folder, or files."""
    try:
        return source == SAMPLE or expand_home(source).exists() or find_listed_files(source) is not None
    except InputError:
        return False


def load_hub_dataset(source: str, config: str | None = None, encoding: str | None = None) -> dict[str, Dataset]:
    """Load train, validation and test of a Hub data set.

    Other splits are not downloaded. What was downloaded is kept in this package's own cache folder: else
    `datasets.load_dataset` would take it for the whole data set.

    Args:
        source: its id.
        config: its configuration; by default the only one, or the one that its authors chose.
        encoding: that of its text files; UTF-8 by default.

    Raises:
        InputError: the data set is unknown, gated, can't be read, or is neither cached nor within reach; or it has
            several configurations, and none or an unknown one is named.
    """
    try:
        builder = _make_builder(source, config)
        if builder.config.data_files is not None:  # None if it comes from the cache
            builder.config.data_files = _select_splits(source, builder.config.data_files)
            if hasattr(builder.config, "keep_default_na"):
                builder.config.keep_default_na = False  # else the text "NA" of a CSV file becomes null
            if encoding is not None and hasattr(builder.config, "encoding"):
                builder.config.encoding = encoding
        builder.download_and_prepare(verification_mode="no_checks")  # that check would miss the other splits
        return {split: builder.as_dataset(split=split) for split in _select_splits(source, builder.info.splits)}
    except InputError:
        raise
    except (DatasetsError, *HUB_ERRORS) as error:
        raise _describe_error(error, source) from error


def _make_builder(source: str, config: str | None) -> datasets.DatasetBuilder:
    try:
        return datasets.load_dataset_builder(source, config, cache_dir=str(get_cache_folder()))
    except ConnectionError:
        if not datasets.config.HF_HUB_OFFLINE:
            raise
        return datasets.load_dataset_builder(source, config)  # the user's own `load_dataset` may have cached it
    except ValueError as error:
        _refuse_configuration(source, config, error)
        raise


def _refuse_configuration(source: str, config: str | None, error: ValueError) -> None:
    """Say which configurations there are, if the error is that none or an unknown one was named."""
    if isinstance(error, (HFValidationError, InputError)):
        return
    try:
        names = datasets.get_dataset_config_names(source, cache_dir=str(get_cache_folder()))
    except (DatasetsError, *HUB_ERRORS):
        return  # then the first error says more
    if len(names) < 2 if config is None else config in names:
        return
    raise _build_configuration_error(source, config, names)


def _build_configuration_error(source: str, config: str | None, names: list[str]) -> InputError:
    wrong = "has several configurations" if config is None else f"has no configuration {config!r}"
    return InputError(f"{source}: {wrong}; name one with --config (config= in Python): {abbreviate(names)}")


def _find_configured_files(folder: Path, config: str | None) -> FoundFiles | None:
    """Find the files of a configuration that README.md defines; None if it defines none."""
    names = _list_configurations(folder)
    if not names:
        if config is not None:
            raise InputError(f"{folder}: README.md defines no configurations; leave out --config {config}")
        return None
    if config is not None and config not in names:
        raise _build_configuration_error(str(folder), config, names)
    try:
        builder = datasets.load_dataset_builder(str(folder), config, cache_dir=str(get_cache_folder()))
    except (ValueError, RuntimeError, OSError) as error:
        if config is None and len(names) > 1 and "Config name is missing" in str(error):
            raise _build_configuration_error(str(folder), config, names) from None
        reason = write_on_one_line(error)
        raise InputError(f"{folder}: README.md names data files that can't be found ({reason}); correct it") from error
    available = builder.config.data_files
    others = [split for split in available if split not in SPLITS]
    notes = [f"left out: the splits {', '.join(map(str, others))}"] if others else []
    return FoundFiles({str(split): [Path(file) for file in files] for split, files in available.items()}, True, notes)


def _list_configurations(folder: Path) -> list[str]:
    path = folder / "README.md"
    if not path.is_file():
        return []
    try:
        configurations = DatasetCard.load(path, ignore_metadata_errors=True).data.to_dict().get("configs") or []
        return [str(configuration["config_name"]) for configuration in configurations]
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise InputError(f"{path}: its configurations can't be read ({write_on_one_line(error)}); correct it") from None


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
