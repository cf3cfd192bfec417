"""Reads Parquet and Arrow files batch by batch."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hf_lstm.errors import InputError
from hf_lstm.formats.row_files import Place
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
    """Yields the rows, with these columns only. What they hold is checked: see `_check_batches`."""

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns."""
        names: list[str] = self.schema.names
        return names


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
            lambda columns: _check_batches(path, file.iter_batches(batch_size=_ROWS_PER_BATCH, columns=list(columns))),
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
        yield ArrowFile(
            str(path),
            reader.schema,
            lambda columns: _check_batches(path, (batch.select(list(columns)) for batch in batches)),
        )


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


def _check_batches(path: Path, batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Yield batches whose values lie where they may, and whose strings are UTF-8.

    Arrow takes both on trust: a damaged offset would end the process, and some programs write Latin-1 as strings.

    Raises:
        InputError: a string is not UTF-8; the message names its row.
        pa.ArrowInvalid: the batch is damaged otherwise.
    """
    import pyarrow as pa

    number = 0
    for batch in batches:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                column.validate(full=True)
            except pa.ArrowInvalid:
                _refuse_wrong_bytes(column, path, number, name)
                raise
        yield batch
        number += len(batch)


def _refuse_wrong_bytes(column: "pa.Array", path: Path, number: int, name: str) -> None:
    """Refuse the first string of a column that is not UTF-8, if that is what is wrong with it.

    `number` is that of the column's first row.

    Raises:
        InputError: there is one.
        pa.ArrowInvalid: the column is damaged otherwise.
    """
    import pyarrow as pa

    words = column.dictionary if pa.types.is_dictionary(column.type) else None
    texts = column if words is None else words
    binary = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}
    if texts.type not in binary:
        return
    values = texts.cast(binary[texts.type])
    values.validate(full=True)
    for index, value in enumerate(values.to_pylist()):
        try:
            (value or b"").decode()
        except UnicodeDecodeError as error:
            row = index if words is None else column.indices.index(pa.scalar(index, column.indices.type)).as_py()
            where = path if row < 0 else Place(path, number + row, None)  # a later batch may have it
            raise InputError(
                f"{where}, column {name!r}: not UTF-8 (byte {value[error.start]:#04x} at position {error.start + 1} of "
                "a text), as strings of such a file must be; write it anew with strings of Unicode"
            ) from None


@contextlib.contextmanager
def _explain_damage(path: Path, kind: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last, of the names of columns
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        told = (
            describe_other_kind(path, (PARQUET,) if kind == "Parquet" else (ARROW,))
            or f"can't be read as {kind} ({reason}); get the file anew"
        )
        raise InputError(f"{path}: {told}") from None
