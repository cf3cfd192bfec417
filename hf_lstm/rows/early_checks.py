"""Refuses what is wrong with a source at first sight, before the libraries that load it are imported."""

import glob
import os
from pathlib import Path

from hf_lstm.config import DataConfig
from hf_lstm.config.train import AUTO
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.formats.catalog import LINES, describe_no_file, get_format, has_known_type, open_file
from hf_lstm.records.places import SAMPLE, split_sources
from hf_lstm.rows.columns import Columns, find_columns, find_text_column
from hf_lstm.rows.texts import check_text_file

REMEDY = f"pass --dataset {SAMPLE}, a folder or a file"


def check_source(config: DataConfig, *, has_columns: bool = True) -> None:
    """Check that a file is there, and has a text column and a label column.

    What is no single file is left to those who load it. `has_columns` says whether the config names all columns that it
    will; it does not where a model to fine-tune remembers its own.

    Raises:
        InputError: the file is missing or damaged at its start, or lacks a column.
    """
    path = expand_home(config.dataset)
    if config.dataset == SAMPLE or os.path.isdir(path):  # unlike `Path.is_dir`, it takes names of any length
        return
    if not os.path.exists(path):
        refuse_missing(config.dataset)
    elif has_columns and get_format(path) is not LINES:
        with open_file(path, config.encoding) as file:
            find_columns(str(path), file.columns, Columns(config.text_column, config.label_column))


def refuse_missing(source: str) -> None:
    """Refuse the name of a file or folder that is not there; a Hub id, a pattern and a list of files pass.

    Raises:
        InputError: it can only mean a file or folder.
    """
    path = expand_home(source)
    if source == SAMPLE or os.path.exists(path) or glob.has_magic(source) or len(split_sources(source)) > 1:
        return
    if path.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1 or has_known_type(path):
        raise InputError(f"{source}: there is no such file or folder; {REMEDY}, or a Hub id such as stanfordnlp/imdb")


def check_unlabeled(
    name: str | None, config: DataConfig, setting: str, *, has_dataset: bool = True, has_columns: bool = True
) -> None:
    """Check that a file of texts without labels is there, and has a text column.

    What may be a split of the data set is left to those who load it, and so is None.

    Args:
        name: of the file, or of the split.
        config: how the file is read.
        setting: what the name was given as, for error messages.
        has_dataset: whether there is a data set. If not, columns and encoding of `config` are this file's alone.
        has_columns: as for `check_source`.

    Raises:
        InputError: the file is missing or damaged at its start, or lacks the column.
    """
    if name is None or name == AUTO:
        return
    path = expand_home(name)
    if has_dataset and not path.is_file():
        refuse_missing_file(name, setting)
        return
    column, encoding = choose_reading(path, config) if has_dataset else (config.text_column, config.encoding)
    check_text_file(path, column if has_columns else None, encoding)
    if has_columns and column is None and get_format(path) is not LINES:
        with open_file(path, encoding) as file:
            find_text_column(str(path), file.columns, None)


def refuse_missing_file(name: str, setting: str) -> None:
    """Refuse what can only mean a file, and no split, if there is no such file.

    Raises:
        InputError: it is so.
    """
    path = expand_home(name)
    if not path.is_file() and (path.name != name or has_known_type(path)):
        raise InputError(f"{setting}: {name}: {describe_no_file(path)}")


def choose_reading(path: Path, config: DataConfig) -> tuple[str | None, str | None]:
    """Return text column and encoding of a file beside a data set: those of the data set, if such a file has any."""
    found = get_format(path)
    return None if found is LINES else config.text_column, config.encoding if found.is_text else None
