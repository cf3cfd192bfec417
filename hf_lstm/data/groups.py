"""Says what each row of train is about, from a file beside the data."""

import hashlib
from pathlib import Path

from datasets import Dataset

from hf_lstm.config import DataConfig
from hf_lstm.data.cutting import GROUP
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.formats.catalog import LINES, get_format
from hf_lstm.rows.columns import MissingTextColumnError
from hf_lstm.rows.texts import read_texts

HASH_COLUMN = "text_sha256_16"
"""The first 16 hex digits of the SHA-256 of a text, by which rows are found whatever their order."""


def add_groups(train: Dataset, config: DataConfig) -> Dataset:
    """Add the groups of `config.group_file` to the published rows of train, as a column `group`.

    A file with a column `text_sha256_16` is matched by it; any other has a row for each of train's, in the same order.

    Raises:
        InputError: the file can't be read, lacks a row of train, or has a single group.
    """
    assert config.group_file is not None
    path = expand_home(config.group_file)
    encoding = config.encoding if get_format(path).is_text else None
    groups = list(read_texts(path, config.group_column, encoding))
    hashes = _read_hashes(path, encoding)
    if hashes:
        group_of = dict(zip(hashes, groups, strict=True))
        groups = [group_of.get(hash_text(text), "") for text in train["text"][:]]
        if "" in groups:
            raise InputError(f"{path}: has no group for row {groups.index('') + 1} of train; expected one for each")
    if len(groups) != len(train):
        raise InputError(
            f"{path}: has {len(groups):,} rows, but train has {len(train):,}; expected one for each, in the same "
            f"order, or a column {HASH_COLUMN}"
        )
    if len(set(groups)) < 2:
        raise InputError(f"{path}: all rows are of one group; validation needs groups of its own")
    return train.add_column(GROUP, groups)


def hash_text(text: str) -> str:
    """Return the first 16 hex digits of a text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:16]


def _read_hashes(path: Path, encoding: str | None) -> list[str]:
    """Read the hash of each row's text; none if there is no such column, and rows stand in the order of train's."""
    if get_format(path) is LINES:
        return []
    try:
        return list(read_texts(path, HASH_COLUMN, encoding))
    except MissingTextColumnError:
        return []
