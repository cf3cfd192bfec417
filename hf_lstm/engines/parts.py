"""Cuts a corpus into parts, and scores each part into a file of its own.

A part is a window of a file's rows, and its file's name tells which. So whoever scores it, and however often, the same
file comes out: nothing is lost or doubled when a process dies.
"""

import dataclasses
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from hf_lstm.answers.parquet import build_table
from hf_lstm.answers.rows import TextRows, Window, open_rows
from hf_lstm.answers.scoring import write_scored
from hf_lstm.engines.corpus import fetch
from hf_lstm.errors import InputError

_TEXTS = "texts to score"
"""Stands last among the columns of a packed part."""


@dataclasses.dataclass(frozen=True)
class Scoring:
    """Says how the parts of a corpus are scored."""

    model: str
    """Its folder or Hub id."""
    output: str
    """The folder of the parts' files."""
    digest: str
    """Of the model, which must be the same wherever it is loaded: see `digest_model`."""
    text_column: str | None = None
    encoding: str | None = None
    with_scores: bool = False
    batch_size: int | None = None
    precision: str = "auto"
    device: str = "auto"


class Part(NamedTuple):
    """Holds some consecutive rows of a file."""

    number: int
    """In its file."""
    packed: bytes
    """Its columns and texts, as an Arrow stream."""


def name_part(file_name: str, index: int) -> str:
    """Name the file of a part."""
    return f"{file_name}-{index:06d}.parquet"


def read_parts(
    source: str, text_column: str | None, encoding: str | None, done: Collection[int]
) -> Iterator[Part | None]:
    """Read the parts of a file in order; None stands for one of `done`.

    Raises:
        InputError: see `open_rows`.
    """
    with fetch(source) as path, open_rows(path, text_column, encoding, with_types=True) as rows:
        repeated = [name for name in rows.columns if rows.columns.count(name) > 1]
        if repeated:
            raise InputError(
                f"{path}: two columns are called {repeated[0]!r}: a Parquet file can't hold both; rename one"
            )
        schema = rows.schema or pa.schema([(name, pa.string()) for name in rows.columns])
        for index, window in enumerate(rows.windows):
            yield None if index in done else Part(index, _pack(window, schema, str(path)))


class PartScorer:
    """Scores parts with one model, each into a file.

    Args:
        scoring: how.

    Raises:
        InputError: the model cannot be loaded, or is another than that of `scoring.digest`.
    """

    def __init__(self, scoring: Scoring) -> None:
        from hf_lstm.model.classifier import LSTMSentiment
        from hf_lstm.model.text_classifier import digest_model

        self._scoring = scoring
        self._model = LSTMSentiment.from_pretrained(scoring.model, device=scoring.device)
        if digest_model(self._model) != scoring.digest:
            raise InputError(f"{scoring.model}: is another model on this machine than where the command was started")

    def score(self, file_name: str, part: Part) -> int:
        """Score a part and write its file, whole or not at all; return the number of rows.

        Raises:
            StorageError: the disk is full or fails.
        """
        table = pa.ipc.open_stream(part.packed).read_all()
        own = table.drop_columns(_TEXTS)
        rows = TextRows(own.column_names, iter([Window(table[_TEXTS].to_pylist(), own)]), own.schema)
        scoring = self._scoring
        written = write_scored(
            self._model,
            rows,
            Path(scoring.output, name_part(file_name, part.number)),
            with_scores=scoring.with_scores,
            batch_size=scoring.batch_size,
            precision=scoring.precision,
        )
        return sum(written)


def _pack(window: Window, schema: pa.Schema, name: str) -> bytes:
    table = build_table(window.rows, schema, name) if isinstance(window.rows, list) else window.rows
    packed = table.append_column(_TEXTS, pa.array(window.texts, pa.large_string()))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, packed.schema) as stream:  # of a slice, it holds no more than that
        stream.write_table(packed)
    return bytes(sink.getvalue())
