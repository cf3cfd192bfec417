"""Keeps prepared rows as Arrow files in the `datasets` cache, so that a second run need not read them anew."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import datasets
import pyarrow as pa
from datasets import Dataset

from hf_lstm.data.columns import LabeledTable
from hf_lstm.errors import InputError

FORMAT_VERSION = "1"
"""Part of every key: raise it when the same files come to be read differently."""
ROWS_PER_BATCH = 1_000  # small batches make picking single rows from the mapped file cheap; `datasets` uses as many


def get_cache_folder() -> Path:
    """Return the folder in the `datasets` cache that holds what this package prepares."""
    return Path(datasets.config.HF_DATASETS_CACHE) / "hf_lstm"


def load_or_build(key: str, splits: Iterable[str], build: Callable[[], Mapping[str, pa.Table]]) -> dict[str, Dataset]:
    """Return the splits stored under `key`; build and store them where there are none.

    The same files give the same fingerprints again, so that a later `Dataset.map` finds its own cache, too.

    Raises:
        InputError: the cache can't be written.
    """
    folder = get_cache_folder() / key
    files = {split: folder / f"{split}.arrow" for split in splits}
    if not all(file.exists() for file in files.values()):
        tables = build()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for split, file in files.items():
                _write_arrow(tables[split], file)
        except OSError as error:
            raise InputError(
                f"{folder}: can't keep the prepared rows ({error.strerror}); "
                "free the space, or set HF_DATASETS_CACHE to a folder that can be written"
            ) from error
    return {split: Dataset.from_file(str(file), split=datasets.NamedSplit(split)) for split, file in files.items()}


def hash_files(files: Mapping[str, Iterable[Path]], *options: object) -> str:
    """Return a key for these files' contents, the splits they make up and the options they are read with.

    Raises:
        InputError: a file can't be read.
    """
    digest = hashlib.sha256(repr((FORMAT_VERSION, options)).encode())
    for split, paths in files.items():
        for path in paths:
            digest.update(f"\0{split}\0{path.suffix}\0{path.stat().st_size}\0".encode())
            try:
                with path.open("rb") as stream:
                    while block := stream.read(1 << 20):
                        digest.update(block)
            except OSError as error:
                raise InputError(f"{path}: can't be read ({error.strerror})") from error
    return digest.hexdigest()[:32]


def hash_datasets(splits: Mapping[str, Dataset], *options: object) -> str:
    """Return a key for the splits of a loaded data set and the options they are read with."""
    fingerprints = {split: dataset._fingerprint for split, dataset in splits.items()}
    return hashlib.sha256(repr((FORMAT_VERSION, fingerprints, options)).encode()).hexdigest()[:32]


def hash_tables(splits: Mapping[str, Iterable[LabeledTable]], *options: object) -> str:
    """Return a key for rows in memory and the options they are read with."""
    digest = hashlib.sha256(repr((FORMAT_VERSION, options)).encode())
    for split, tables in splits.items():
        for table in tables:
            digest.update(f"\0{split}\0{len(table.texts)}\0{table.class_names}\0".encode())
            for column in (table.texts, table.labels):
                for value in column.to_pylist():
                    digest.update(repr(value).encode("utf-8", errors="surrogatepass"))
    return digest.hexdigest()[:32]


def _write_arrow(table: pa.Table, file: Path) -> None:
    """Write the file in one step: a run that starts meanwhile, or after a crash, never reads a part of it."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=ROWS_PER_BATCH)
            writer.close()
            sink.flush()
            os.fsync(handle)
        os.utime(temporary, (0, 0))  # `datasets` hashes the time into the fingerprint, which is to follow from the key
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
