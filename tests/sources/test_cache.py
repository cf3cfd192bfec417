"""The cache of prepared rows: its keys, and its files, which are whole."""

import errno
import os

import pyarrow as pa
import pytest

from hf_lstm.errors import InputError, StorageError
from hf_lstm.sources.cache import PreparedTables, get_cache_folder, hash_files, load_or_build


def test_a_file_that_vanished_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv: can't be read"):
        hash_files({"train": [tmp_path / "gone.csv"]})


def test_a_split_that_could_not_be_kept_leaves_nothing_and_its_time_is_the_keys(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    prepared = PreparedTables({"train": pa.table({"text": ["a", "b"]})}, [])

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StorageError, match=r"train\.arrow cannot be written.*HF_DATASETS_CACHE"):
            load_or_build("key", lambda: prepared)
    folder = get_cache_folder() / "key"
    assert list(folder.iterdir()) == []
    assert load_or_build("key", lambda: prepared)[0]["train"]["text"][:] == ["a", "b"]
    assert sorted(path.name for path in folder.iterdir()) == ["splits.json", "train.arrow"]
    assert (folder / "train.arrow").stat().st_mtime == 0
