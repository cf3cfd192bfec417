"""Reads files of texts to score, window by window, with all their columns."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hf_lstm.errors import InputError
from hf_lstm.formats.arrow_files import ArrowFile, convert_texts
from hf_lstm.formats.catalog import open_file
from hf_lstm.formats.compression import split_suffixes
from hf_lstm.formats.row_files import ABSENT, Place, RowFile, check_text
from hf_lstm.rows.columns import find_text_column
from hf_lstm.runtime import memory
from hf_lstm.tokenization.word_patterns import replace_surrogates

if TYPE_CHECKING:
    import pyarrow as pa

_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_ROWS_PER_SCAN = 1_024


class Window(NamedTuple):
    """Holds some consecutive rows of a file."""

    texts: list[str]
    rows: "list[list[Any]] | pa.Table"
    """A list of values for each row, which may be shorter than there are columns; or a table with their types."""


class TextRows(NamedTuple):
    """Holds the rows of an open file of texts."""

    columns: list[str]
    windows: Iterator[Window]
    """Each of up to `memory.WINDOW_TEXTS` rows."""
    schema: "pa.Schema | None" = None
    """The types of the columns, if they were asked for, or the file says them."""


def list_texts(texts: Iterable[str]) -> TextRows:
    """Give texts without other columns, such as the lines of standard input, as rows with the column `text`."""
    return TextRows(["text"], (Window(window, [[text] for text in window]) for window in _cut_windows(texts)))


@contextlib.contextmanager
def open_rows(
    path: Path, text_column: str | None = None, encoding: str | None = None, *, with_types: bool = False
) -> Iterator[TextRows]:
    """Open a file of texts with all its columns.

    No more than a window of rows is in memory, except of a `.json` file that is one list, and a spreadsheet.

    Args:
        path: the file, of any type that `hf_lstm.formats.catalog` lists.
        text_column: the column of the texts; by default the first well-known name.
        encoding: that of a text file; UTF-8 by default.
        with_types: whether to find the types of the columns of JSON; other files without types are of strings.

    Raises:
        InputError: at once: there is no such file, or no such column. While rows are read, with the file and the row:
            it is damaged, or a text is missing.
    """
    # Later rows of a JSON file may have columns that its first has not: an output needs to know all of them before.
    is_json = split_suffixes(path)[0] in _JSON_SUFFIXES
    found = _find_json_columns(path, encoding, with_types=with_types) if is_json else None
    with open_file(path, encoding) as file:
        if isinstance(file, ArrowFile):
            yield TextRows(file.columns, _iterate_tables(file, text_column), file.schema)
        else:
            column = find_text_column(file.name, file.columns, text_column)
            columns = file.columns if found is None else list(found)
            schema = _build_schema(found) if found is not None and with_types else None
            yield TextRows(columns, _iterate_lists(file, column), schema)


def _find_json_columns(path: Path, encoding: str | None, *, with_types: bool) -> "dict[str, pa.DataType | None]":
    """Find all columns of a JSON file and, if asked for, their types; None is the type of a column of nulls."""
    types: dict[str, pa.DataType | None] = {}
    with open_file(path, encoding) as file:
        while rows := list(islice(file.rows, _ROWS_PER_SCAN)):
            if not with_types:
                continue
            for place, name in enumerate(file.columns):
                values = [row[place] for _, row in rows if place < len(row) and row[place] is not ABSENT]
                types[name] = _join_types(types.get(name), values, f"{path}, column {name!r}")
        return types if with_types else dict.fromkeys(file.columns)


def _join_types(known: "pa.DataType | None", values: list[Any], where: str) -> "pa.DataType | None":
    """Join the type of values with that of earlier ones."""
    import pyarrow as pa

    try:
        found = [
            pa.array([replace_surrogates(value) if isinstance(value, str) else value for value in values]).type,
            *([] if known is None else [known]),
        ]
        schemas = [pa.schema([("", kind)]) for kind in found]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{where}: a Parquet file can't hold these values together ({reason}); write .jsonl") from None


def _build_schema(types: "Mapping[str, pa.DataType | None]") -> "pa.Schema":
    """Build the schema of columns; those of nulls alone are of strings."""
    import pyarrow as pa

    return pa.schema([(name, pa.string() if pa.types.is_null(kind) else kind) for name, kind in types.items()])


def _iterate_lists(file: RowFile, column: str) -> Iterator[Window]:
    place = file.columns.index(column)
    number = 0
    while rows := list(islice(file.rows, memory.WINDOW_TEXTS)):
        texts = [
            check_text(values[place], Place(file.name, index, line), column)
            for index, (line, values) in enumerate(rows, start=number)
        ]
        yield Window(texts, [values for _, values in rows])
        number += len(rows)


def _iterate_tables(file: ArrowFile, text_column: str | None) -> Iterator[Window]:
    import pyarrow as pa

    column = find_text_column(file.name, file.columns, text_column)
    repeated = sorted({name for name in file.columns if file.columns.count(name) > 1})
    if repeated:
        raise InputError(f"{file.name}: several columns are called {repeated[0]!r}; give each a name of its own")
    number = 0
    for table in _join_batches(pa.Table.from_batches([batch]) for batch in file.read(file.columns)):
        values = convert_texts(table[column], f"{file.name}, column {column!r}").to_pylist()
        texts = [check_text(text, Place(file.name, row, None), column) for row, text in enumerate(values, start=number)]
        yield Window(texts, table)
        number += len(texts)


def _join_batches(tables: Iterable["pa.Table"]) -> Iterator["pa.Table"]:
    """Join small tables, and cut large ones, to windows."""
    import pyarrow as pa

    size = memory.WINDOW_TEXTS
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        while sum(map(len, held)) >= size:
            whole = pa.concat_tables(held)
            yield whole[:size]
            held = [whole[size:]]
    if any(map(len, held)):
        yield pa.concat_tables(held)


def _cut_windows(texts: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(texts)
    while window := list(islice(remaining, memory.WINDOW_TEXTS)):
        yield window
