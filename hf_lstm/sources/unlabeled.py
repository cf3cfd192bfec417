"""Reads texts without labels, from a file or from a split of a data set."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import datasets
from datasets.exceptions import DatasetsError

from hf_lstm.config import DataConfig
from hf_lstm.config.train import AUTO
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.hub.errors import HUB_ERRORS, write_on_one_line
from hf_lstm.records.places import IN_MEMORY, SAMPLE
from hf_lstm.rows.columns import find_text_column
from hf_lstm.rows.early_checks import choose_reading, refuse_missing_file
from hf_lstm.rows.texts import read_texts
from hf_lstm.sources.cache import get_cache_folder
from hf_lstm.sources.folders import find_tables_called
from hf_lstm.sources.named_sources import find_files, is_here

SPLIT_NAMES = ("unsupervised", "unlabeled")
"""What data sets call their texts without labels."""


def read_unlabeled(
    name: str, config: DataConfig, *, left_out: Collection[str], setting: str = "train.unlabeled"
) -> list[str]:
    """Read the texts that a file has, or a split of the data set of `config`; each once.

    Args:
        name: of the file, or of the split; with `auto` there may be none.
        config: whose `text_column` and `encoding` go for these, too, if they have such.
        left_out: texts that must not be learned from, such as those of test.
        setting: what the name was given as, for error messages.

    Raises:
        InputError: there is neither, or it has no texts that can be read.
    """
    path = expand_home(name)
    if name == AUTO:
        found = (_find_split(split, config, setting) for split in SPLIT_NAMES)
        texts = next((texts for texts in found if texts is not None), None)
        if texts is None:
            return []
    elif path.is_file():
        texts = read_texts(path, *choose_reading(path, config))
    else:
        refuse_missing_file(name, setting)
        texts = _find_split(name, config, setting)
        if texts is None:
            what = "is a folder, and no split of" if path.is_dir() else "is neither a file nor a split of"
            remedy = "; name one file, or give the folder as the data set" if path.is_dir() else ""
            raise InputError(f"{setting}: {name!r} {what} {config.dataset}{remedy}")
    left_out = frozenset(left_out)
    kept = [text for text in dict.fromkeys(texts) if text.strip() and text not in left_out]
    if not kept and name != AUTO:
        raise InputError(f"{setting}: {name} has no texts but blank ones and those of the labeled rows")
    return kept


def _find_split(name: str, config: DataConfig, setting: str) -> Iterable[str] | None:
    """Find the texts of a split of the data set; None if it has no such split, or can't have any."""
    source = config.dataset
    if source == SAMPLE:
        found = find_files(SAMPLE)
        assert found is not None
        file = found.splits["train"][0].with_name(f"{name}.parquet")
        return read_texts(file, config.text_column) if file.is_file() else None
    if source == IN_MEMORY or (is_here(source) and not expand_home(source).is_dir()):
        return None
    try:
        # In a folder of its own: that of the labeled splits would be taken for the whole data set.
        builder = datasets.load_dataset_builder(source, config.config, cache_dir=str(get_cache_folder() / name))
        files = (builder.config.data_files or {}).get(name)
        if is_here(source):
            return _read_named(name, config) if files is None else _read_files(files, config)
        if files is None:
            return None
        builder.config.data_files = {name: files}  # nothing else is downloaded
        builder.download_and_prepare(verification_mode="no_checks")
        split = builder.as_dataset(split=name)
    except InputError:
        raise
    except (DatasetsError, ValueError, RuntimeError, *HUB_ERRORS) as error:
        if is_here(source) and ((texts := _read_named(name, config)) is not None or name in SPLIT_NAMES):
            return texts  # a folder that `datasets` can't read has no named splits but those of its files
        line = write_on_one_line(error)
        raise InputError(f"{setting}: the split {name!r} of {source} can't be read ({line})") from None
    read: list[str] = split[find_text_column(source, split.column_names, config.text_column)][:]
    return read


def _read_named(name: str, config: DataConfig) -> list[str] | None:
    """Read the files of a folder that are called like a split; None if there are none."""
    files = find_tables_called(expand_home(config.dataset), name)
    return _read_files(files, config) if files else None


def _read_files(files: Sequence[Path | str], config: DataConfig) -> list[str]:
    return [text for file in files for text in read_texts(Path(file), *choose_reading(Path(file), config))]
