"""Reads texts to score from files, and writes rows of answers."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from hf_lstm.data.columns import find_text_column
from hf_lstm.data.parsing import iterate_json_objects, locate_row, open_delimited
from hf_lstm.errors import InputError
from hf_lstm.files import open_partial
from hf_lstm.tokenization.word_patterns import replace_surrogates

OUTPUT_SUFFIXES = (".csv", ".tsv", ".jsonl")
_ROWS_PER_READ = 1_024
_BYTES_PER_READ = 2**20


def looks_like_file(argument: str) -> bool:
    """Return whether a command line's argument means a file, not a text.

    It does if there is such a file. It also does if it has no white space, and has a known suffix or a path separator.
    """
    if os.path.isfile(argument):  # unlike `Path.is_file`, it takes texts of any length
        return True
    if not argument or any(character.isspace() for character in argument):
        return False
    separators = {os.sep, os.altsep or os.sep}
    return not separators.isdisjoint(argument) or os.path.splitext(argument)[1].lower() in _READERS


def read_texts(path: Path, text_column: str | None = None) -> Iterator[str]:
    """Read the texts of a file, one by one and in order.

    The whole file is never in memory, except a `.json` file that is one list. Each line of a `.txt` file is a text,
    blank lines included. The other types are tables: `.csv` and `.tsv` with the column names in the first line, JSON
    Lines, Parquet.

    Args:
        path: the file; its suffix tells the type.
        text_column: the column of the texts; by default the first well-known name.

    Raises:
        InputError: at once: there is no such file, it is empty, or its type is unknown. While texts are read, with the
            file and the row: it is not UTF-8, a row is damaged, or a column or text is missing.
    """
    if not path.is_file():
        what = "is a folder, expected a file" if path.is_dir() else "there is no such file"
        raise InputError(f"{path}: {what}; to score a text that looks like a path, pipe it in, with - as the input")
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise InputError(f"{path}: unknown file type {suffix!r}; expected one of {', '.join(_READERS)}")
    if suffix != ".txt" and not path.stat().st_size:
        raise InputError(f"{path}: the file is empty; expected rows with a text")
    return _READERS[suffix](path, text_column)


def read_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    """Yield the lines of a UTF-8 stream, without their line breaks.

    A byte order mark is dropped.

    Raises:
        InputError: a line is not UTF-8.
    """
    for number, line in enumerate(stream, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{name}, line {number}: not UTF-8 (byte {line[error.start]:#04x} at position {error.start + 1}); "
                "convert it first, e.g. with iconv -f WINDOWS-1252 -t UTF-8"
            ) from None
        yield text.removesuffix("\n").removesuffix("\r")


def check_output_type(path: Path) -> None:
    """Check that `write_rows` can write a file of this type.

    Call it before any work is done.

    Raises:
        InputError: the suffix is none of `OUTPUT_SUFFIXES`.
    """
    if path.suffix.lower() not in OUTPUT_SUFFIXES:
        raise InputError(
            f"--output {path}: unknown file type {path.suffix!r}; expected one of {', '.join(OUTPUT_SUFFIXES)}"
        )


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows into a CSV, TSV or JSON Lines file, one by one.

    The file appears, or is replaced, at the end. If anything fails before, also in `rows`, an older file stays as it
    is, and no half file is left.

    Args:
        path: the file; its suffix tells the type.
        rows: each with a value for every one of `columns`.
        columns: the columns of a CSV or TSV file, in their order.
    """
    with open_partial(path) as stream:
        if path.suffix.lower() == ".jsonl":
            stream.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
            return
        # Texts are always in quotes: so all readers read lone carriage returns alike.
        writer = csv.DictWriter(
            stream,
            columns,
            delimiter="\t" if path.suffix.lower() == ".tsv" else ",",
            quoting=csv.QUOTE_NONNUMERIC,
            lineterminator="\n",
        )
        writer.writeheader()
        writer.writerows(rows)


def _read_text_file(path: Path, text_column: str | None) -> Iterator[str]:
    if text_column is not None:
        raise InputError(f"{path}: a .txt file has no columns; leave out --text-column {text_column}")
    with path.open("rb") as stream:
        yield from read_lines(stream, str(path))


def _read_delimited(path: Path, text_column: str | None) -> Iterator[str]:
    with open_delimited(path) as file:
        index = file.header.index(find_text_column(str(path), file.header, text_column))
        for _, fields in file.rows:
            yield fields[index]


def _read_json(path: Path, text_column: str | None) -> Iterator[str]:
    column = None
    for index, (line, row) in enumerate(iterate_json_objects(path)):
        where = locate_row(path, index, line)
        column = column or find_text_column(where, list(row), text_column)
        if column not in row:
            raise InputError(f"{where}: there is no column {column!r}, which the first row has")
        yield replace_surrogates(_check_text(row[column], where, column))


def _read_parquet(path: Path, text_column: str | None) -> Iterator[str]:
    import pyarrow.parquet  # noqa: F401  # no other type needs it: if it is not installed, fail at once

    return _iterate_parquet(path, text_column)


def _iterate_parquet(path: Path, text_column: str | None) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        # By default a whole row group is kept in memory. pandas writes a million rows as one group: 160 MB of 200,000
        # reviews.
        with pq.ParquetFile(path, buffer_size=_BYTES_PER_READ, pre_buffer=False) as file:
            column = find_text_column(str(path), file.schema_arrow.names, text_column)
            for batch in file.iter_batches(batch_size=_ROWS_PER_READ, columns=[column]):
                for text in batch.column(0).to_pylist():
                    number += 1
                    yield _check_text(text, f"{path}, row {number}", column)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: can't be read as Parquet ({reason}) after row {number}; get the file anew") from None


def _check_text(value: object, where: str, column: str) -> str:
    if isinstance(value, str):
        return value
    what = "there is no text (null)" if value is None else f"{type(value).__name__} is no text"
    raise InputError(f"{where}, column {column!r}: {what}; drop the row, or write an empty text")


_READERS: Mapping[str, Callable[[Path, str | None], Iterator[str]]] = {
    ".txt": _read_text_file,
    ".csv": _read_delimited, ".tsv": _read_delimited,
    ".jsonl": _read_json, ".ndjson": _read_json, ".json": _read_json,
    ".parquet": _read_parquet,
}  # fmt: skip
