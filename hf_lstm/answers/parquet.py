"""Writes rows with their answers into Parquet files."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_lstm.answers.columns import Answers
from hf_lstm.answers.rows import Window
from hf_lstm.errors import InputError
from hf_lstm.files.partial_files import open_partial_binary
from hf_lstm.formats.row_files import ABSENT
from hf_lstm.tokenization.word_patterns import replace_surrogates


@contextlib.contextmanager
def open_parquet_output(
    path: Path, columns: list[str], types: pa.Schema | None, names: list[str]
) -> Iterator[Callable[[Window, Answers], None]]:
    """Open a Parquet file for rows and their answers; give a function that writes a window of them.

    Args:
        path: the file.
        columns: the rows' own columns.
        types: of these columns; by default they are of strings.
        names: of the columns of answers: a label, then probabilities.
    """
    own = types or pa.schema([(name, pa.string()) for name in columns])
    kinds = [pa.string(), *[pa.float64()] * (len(names) - 1)]
    schema = pa.schema([*own, *map(pa.field, names, kinds)], metadata=own.metadata)
    with open_partial_binary(path) as stream, pq.ParquetWriter(stream, schema) as writer:

        def write(window: Window, answers: Answers) -> None:
            table = build_table(window.rows, own, str(path)) if isinstance(window.rows, list) else window.rows
            arrays = map(pa.array, answers.columns, kinds)
            writer.write_table(pa.table([*table.columns, *arrays], schema=schema))

        yield write


def build_table(rows: list[list[Any]], schema: pa.Schema, name: str) -> pa.Table:
    """Build a table of rows, which may be shorter than there are columns.

    Raises:
        InputError: a column can't hold a value; `name` is of the file, for the message.
    """
    arrays = []
    for place, field in enumerate(schema):
        values = [row[place] if place < len(row) else None for row in rows]
        plain = [None if value is ABSENT else _repair(value) for value in values]
        try:
            arrays.append(pa.array(plain, field.type))
        except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{name}, column {field.name!r}: can't hold all values ({reason}); write .jsonl") from None
    return pa.table(arrays, schema=schema)


def _repair(value: Any) -> Any:
    return replace_surrogates(value) if isinstance(value, str) else value
