"""Caches prepared rows as Arrow files.

They are in the `datasets` cache. A second run need not read the source again.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import datasets
import pyarrow as pa
from datasets import Dataset

from hf_lstm.errors import InputError, StorageError
from hf_lstm.files.partial_files import open_partial_binary
from hf_lstm.files.reading import open_regular_file
from hf_lstm.files.writing import write_json
from hf_lstm.rows.class_files import list_class_files
from hf_lstm.rows.labels import LabeledTable

FORMAT_VERSION = "5"
"""Part of every key. Raise it when the same files are read in another way."""
_INDEX_FILE = "splits.json"
ROWS_PER_BATCH = 1_000  # as `datasets` does: single rows of a mapped file are read fast from small batches


def get_cache_folder() -> Path:
    """Return this package's folder in the `datasets` cache."""
    return Path(datasets.config.HF_DATASETS_CACHE) / "hf_lstm"


class PreparedTables(NamedTuple):
    """Holds the rows of each split, as they are to be cached."""

    splits: Mapping[str, pa.Table]
    notes: Sequence[str]
    """What whoever loads them must be told, a line each: which splits are left out, and why."""


def load_or_build(key: str, build: Callable[[], PreparedTables]) -> tuple[dict[str, Dataset], list[str]]:
    """Load splits from the cache, or build and store them; return them with the notes on them.

    The same key always gives the same fingerprints. So a later `Dataset.map` finds its own cache, too.

    Args:
        key: what the splits are stored under.
        build: makes the tables of all splits. It is called only if one of them is not in the cache.

    Raises:
        InputError: the cache can't be written.
    """
    folder = get_cache_folder() / key
    index = _read_index(folder)
    if index is None:
        tables = build()
        index = {"splits": list(tables.splits), "notes": list(tables.notes)}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for split, table in tables.splits.items():
                _write_arrow(table, folder / f"{split}.arrow")
            write_json(folder / _INDEX_FILE, index)
        except OSError as error:
            raise InputError(
                f"{folder}: can't keep the prepared rows ({error.strerror}); "
                "free the space, or set HF_DATASETS_CACHE to a folder that can be written"
            ) from error
        except StorageError as error:
            raise StorageError(f"{error}: HF_DATASETS_CACHE says where") from None
    splits = {
        split: Dataset.from_file(str(folder / f"{split}.arrow"), split=datasets.NamedSplit(split))
        for split in index["splits"]
    }
    return splits, index["notes"]


def _read_index(folder: Path) -> dict[str, list[str]] | None:
    """Read which splits are stored; None if one of them, or the list itself, is missing."""
    try:
        index: dict[str, list[str]] = json.loads((folder / _INDEX_FILE).read_text(encoding="utf-8"))
        is_whole = all((folder / f"{split}.arrow").exists() for split in index["splits"])
        return index if is_whole else None
    except (OSError, ValueError, KeyError):
        return None


def hash_files(files: Mapping[str, Iterable[Path]], *options: object) -> str:
    """Hash the contents of files into a cache key.

    The key also depends on the split of each file, and on the options that it is read with.

    Raises:
        InputError: a file can't be read.
    """
    digest = hashlib.sha256(repr((FORMAT_VERSION, options)).encode())
    for split, paths in files.items():
        for path in paths:
            members = list_class_files(path) if path.is_dir() else [path]
            name = os.fsencode(path.name) if path.is_dir() else b""
            digest.update(f"\0{split}\0{len(members)}\0".encode() + name + b"\0")
            for file in members:
                _hash_file(digest, file)
    return digest.hexdigest()[:32]


def _hash_file(digest: "hashlib._Hash", path: Path) -> None:
    try:
        suffixes = os.fsencode("".join(path.suffixes[-2:]))
        digest.update(b"\0" + suffixes + f"\0{path.stat().st_size}\0".encode())
        with open_regular_file(path) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror})") from error


def hash_datasets(splits: Mapping[str, Dataset], *options: object) -> str:
    """Hash the fingerprints of loaded splits, and reading options, into a cache key."""
    fingerprints = {split: dataset._fingerprint for split, dataset in splits.items()}
    return hashlib.sha256(repr((FORMAT_VERSION, fingerprints, options)).encode()).hexdigest()[:32]


def hash_tables(splits: Mapping[str, Iterable[LabeledTable]], *options: object) -> str:
    """Hash rows in memory, and reading options, into a cache key."""
    digest = hashlib.sha256(repr((FORMAT_VERSION, options)).encode())
    for split, tables in splits.items():
        for table in tables:
            digest.update(f"\0{split}\0{len(table.texts)}\0{table.class_names}\0".encode())
            for column in (table.texts, table.labels):
                for value in column.to_pylist():
                    digest.update(repr(value).encode("utf-8", errors="surrogatepass"))
    return digest.hexdigest()[:32]


def _write_arrow(table: pa.Table, file: Path) -> None:
    """Write a table as an Arrow file, whole or not at all.

    So a run that starts meanwhile, or after a crash, never reads a part of it.
    """
    with open_partial_binary(file) as sink:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=ROWS_PER_BATCH)
        sink.flush()
        os.utime(sink.name, (0, 0))  # `datasets` hashes the time into the fingerprint: only the key may decide that
