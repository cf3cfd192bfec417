"""Streams texts out of files of any supported type, and rows into files that appear only when they are whole."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from hf_lstm.data.columns import find_text_column
from hf_lstm.data.parsing import iterate_json_objects, open_delimited
from hf_lstm.errors import InputError
from hf_lstm.files import open_partial
from hf_lstm.tokenization.word_patterns import replace_surrogates

OUTPUT_SUFFIXES = (".csv", ".tsv", ".jsonl")
_ROWS_PER_READ = 1_024
_BYTES_PER_READ = 2**20


def names_file(argument: str) -> bool:
    """Return whether a command line's argument means a file rather than a text, whether or not the file exists.

    It does if there is such a file, or if it has no blanks but a known suffix or a path separator.
    """
    if os.path.isfile(argument):  # unlike `Path.is_file`, it takes texts of any length
        return True
    if not argument or any(character.isspace() for character in argument):
        return False
    separators = {os.sep, os.altsep or os.sep}
    return not separators.isdisjoint(argument) or os.path.splitext(argument)[1].lower() in _READERS


def read_texts(path: Path, text_column: str | None = None) -> Iterator[str]:
    """Return the texts of a file one by one, in order, never holding the whole file.

    A line of a `.txt` file is a text, blank lines included. The other types are tables: `.csv` and `.tsv` with the
    column names in the first line, JSON Lines, Parquet. (A `.json` file that is one list is read whole.)

    Args:
        path: the file; its suffix tells the type.
        text_column: the column of a table that holds the texts; by default the first of the well-known names.

    Raises:
        InputError: there is no such file, it is empty, or its type is unknown. What is found while reading raises it,
            too, naming file and row: another encoding, a damaged row, a missing column or text.
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
    """Yield the lines of a UTF-8 stream without their line breaks; a byte order mark is dropped.

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
    """Find before any work is done that `write_rows` does not write such files.

    Raises:
        InputError: the suffix is none of `OUTPUT_SUFFIXES`.
    """
    if path.suffix.lower() not in OUTPUT_SUFFIXES:
        raise InputError(
            f"--output {path}: unknown file type {path.suffix!r}; expected one of {', '.join(OUTPUT_SUFFIXES)}"
        )


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows into a CSV, TSV or JSON Lines file as they come; the file appears, or is replaced, at the end.

    Whatever goes wrong on the way, also in `rows`, leaves an older file untouched and no half one.

    Args:
        path: the file; its suffix tells the type.
        rows: each with a value for every one of `columns`.
        columns: the columns of a CSV or TSV file, in their order.
    """
    with open_partial(path) as stream:
        if path.suffix.lower() == ".jsonl":
            stream.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
            return
        # Texts stand in quotes always: readers then agree on lone carriage returns, too.
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
    for number, (line, row) in enumerate(iterate_json_objects(path), start=1):
        where = f"{path}, row {number}" + (f" (line {line})" if line else "")
        column = column or find_text_column(where, list(row), text_column)
        if column not in row:
            raise InputError(f"{where}: there is no column {column!r}, which the first row has")
        yield replace_surrogates(_check_text(row[column], where, column))


def _read_parquet(path: Path, text_column: str | None) -> Iterator[str]:
    import pyarrow.parquet  # noqa: F401  # no other type needs it; where it is missing, this says so at once

    return _iterate_parquet(path, text_column)


def _iterate_parquet(path: Path, text_column: str | None) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        # Else a row group is held whole, and pandas writes a million rows as one: 160 MB in 200,000 reviews.
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
