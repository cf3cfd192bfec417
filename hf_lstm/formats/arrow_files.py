"""Reads Parquet and Arrow files batch by batch."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hf_lstm.errors import InputError
from hf_lstm.formats.signatures import ARROW, PARQUET, describe_other_kind

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_BATCH = 1_024
_BYTES_PER_READ = 2**20


class ArrowFile(NamedTuple):
    """Holds an open file of typed columns."""

    name: str
    """For error messages."""
    schema: "pa.Schema"
    read: "Callable[[Sequence[str]], Iterator[pa.RecordBatch]]"
    """Yields the rows, with these columns only."""


@contextlib.contextmanager
def open_parquet(path: Path) -> Iterator[ArrowFile]:
    """Open a Parquet file.

    Raises:
        InputError: at once, or while it is read: it is damaged.
    """
    import pyarrow.parquet as pq

    # By default a whole row group is kept in memory. pandas writes a million rows as one group: 160 MB of 200,000
    # reviews.
    options = {"buffer_size": _BYTES_PER_READ, "pre_buffer": False}
    with _explain_damage(path, "Parquet"), pq.ParquetFile(path, **options) as file:
        yield ArrowFile(
            str(path),
            file.schema_arrow,
            lambda columns: file.iter_batches(batch_size=_ROWS_PER_BATCH, columns=list(columns)),
        )


@contextlib.contextmanager
def open_arrow(path: Path) -> Iterator[ArrowFile]:
    """Open an Arrow file, as `Dataset.save_to_disk` or Feather writes it.

    Raises:
        InputError: at once, or while it is read: it is damaged.
    """
    import pyarrow as pa

    with _explain_damage(path, "Arrow"), pa.memory_map(str(path)) as source:
        is_stream = source.read(6) != b"ARROW1"
        source.seek(0)
        reader = pa.ipc.open_stream(source) if is_stream else pa.ipc.open_file(source)
        batches = reader if is_stream else (reader.get_batch(index) for index in range(reader.num_record_batches))
        yield ArrowFile(str(path), reader.schema, lambda columns: (batch.select(list(columns)) for batch in batches))


def convert_texts(texts: "pa.Array | pa.ChunkedArray", where: str) -> "pa.Array | pa.ChunkedArray":
    """Convert a column of texts, of any type of strings, to plain strings.

    Raises:
        InputError: the values are no strings.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(texts.type):
        texts = texts.cast(texts.type.value_type)
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    if not any(is_kind(texts.type) for is_kind in kinds):
        raise InputError(f"{where}: holds {texts.type} values, but texts must be strings")
    return texts.cast(pa.string())


@contextlib.contextmanager
def _explain_damage(path: Path, kind: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        told = (
            describe_other_kind(path, (PARQUET,) if kind == "Parquet" else (ARROW,))
            or f"can't be read as {kind} ({reason}); get the file anew"
        )
        raise InputError(f"{path}: {told}") from None
