"""Refuses what is wrong with a source at first sight, before the libraries that load it are imported."""

import glob
from pathlib import Path

from hf_lstm.config import DataConfig
from hf_lstm.errors import InputError
from hf_lstm.formats.catalog import LINES, get_format, has_known_type, open_file
from hf_lstm.formats.row_files import RowFile
from hf_lstm.records.places import split_sources
from hf_lstm.rows.columns import Columns, find_columns

SAMPLE = "sample"
REMEDY = f"pass --dataset {SAMPLE}, a folder or a file"


def check_source(config: DataConfig, *, has_columns: bool = True) -> None:
    """Check that a file is there, and has a text column and a label column.

    What is no single file is left to those who load it. `has_columns` says whether the config names all columns that it
    will; it does not where a model to fine-tune remembers its own.

    Raises:
        InputError: the file is missing or damaged at its start, or lacks a column.
    """
    path = Path(config.dataset).expanduser()
    if config.dataset == SAMPLE or path.is_dir():
        return
    if not path.exists():
        refuse_missing(config.dataset)
    elif has_columns and get_format(path) is not LINES:
        with open_file(path, config.encoding) as file:
            names = file.columns if isinstance(file, RowFile) else file.schema.names
            find_columns(str(path), names, Columns(config.text_column, config.label_column))


def refuse_missing(source: str) -> None:
    """Refuse the name of a file or folder that is not there; a Hub id, a pattern and a list of files pass.

    Raises:
        InputError: it can only mean a file or folder.
    """
    path = Path(source).expanduser()
    if source == SAMPLE or path.exists() or glob.has_magic(source) or len(split_sources(source)) > 1:
        return
    if path.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1 or has_known_type(path):
        raise InputError(f"{source}: there is no such file or folder; {REMEDY}, or a Hub id such as stanfordnlp/imdb")
