"""Tells iterables that give texts row by row from those that give other strings, such as the names of columns."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, MappingView
from collections.abc import Set as AbstractSet
from pathlib import PurePath
from typing import Any

from hf_lstm.errors import InputError

MAX_NAME_CHARACTERS = 60
"""Of a column that a message names."""
_ARROW_ROWS = 1_024
"""Of a column, converted at once."""


def iterate_rows(texts: Any) -> Iterable[Any]:
    """Return an iterable that gives the rows of `texts`, each once, in a fixed order.

    Lists, tuples, generators, and columns such as a pandas Series, an Arrow array or a vector of NumPy do. Tables and
    mappings give names of columns, a set has no order, and a file has line ends.

    Raises:
        InputError: `texts` have no such rows.
    """
    kind = type(texts).__name__
    if isinstance(texts, PurePath):
        raise InputError(f"texts are {kind}, a path; expected texts: read them, as in path.read_text().splitlines()")
    if isinstance(texts, io.IOBase):
        raise InputError(f"texts are {kind}, an open file; expected texts: pass file.read().splitlines()")
    if isinstance(texts, AbstractSet) and not isinstance(texts, MappingView):
        raise InputError(f"texts are {kind}, which has no order; expected texts in order: pass a list")
    if isinstance(texts, tuple) and (fields := getattr(texts, "_fields", None)):
        raise InputError(f"texts are {kind}, a row with the fields {', '.join(fields)}; expected texts: pass a list")
    if (names := _list_columns(texts)) is not None:
        column = _choose_column(texts, names)
        raise InputError(
            f"texts are {kind}, a table or mapping, expected a string or an iterable of strings: pass the texts, as in "
            f"{'rows' if isinstance(texts, Mapping) else 'df'}{column}"
        )
    num_dimensions = getattr(texts, "ndim", 1)
    if isinstance(texts, (bytes, bytearray, memoryview)) or num_dimensions == 0 or not isinstance(texts, Iterable):
        raise InputError(f"texts are {kind}, expected a string or an iterable of strings")
    if isinstance(num_dimensions, int) and num_dimensions > 1:
        raise InputError(f"texts are {kind} of {num_dimensions} dimensions, expected one: pass a column of texts")
    rows: Iterable[Any] = _ArrowRows(texts) if hasattr(texts, "to_pylist") else texts
    return rows


class _ArrowRows:
    """Gives the values of an Arrow column, which itself gives scalars of its own.

    Few at a time become Python objects: a column may be larger than memory, as one that is mapped from a file.
    """

    def __init__(self, column: Any) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self), _ARROW_ROWS):
            try:
                yield from self._column.slice(start, _ARROW_ROWS).to_pylist()
            except UnicodeDecodeError as error:
                raise InputError(
                    f"a text of rows {start} to {start + _ARROW_ROWS - 1} is not UTF-8 ({error.reason}), as strings of "
                    "Arrow must be; make the column anew"
                ) from None


def _list_columns(texts: Any) -> list[object] | None:
    """List the names of a table's columns or a mapping's keys; None for what is neither.

    Tables of pandas, polars, Arrow and `datasets` have `columns` or `column_names`, and so need not be imported here.
    """
    if isinstance(texts, Mapping):
        return list(texts)
    for attribute in ("column_names", "columns"):
        names = getattr(texts, attribute, None)
        if names is not None and not isinstance(names, str) and isinstance(names, Iterable):
            return list(names)
    index = getattr(texts, "index", ())  # of a pandas Series; those of lists and strings are methods
    if hasattr(texts, "iloc") and isinstance(index, Iterable) and "text" in index:
        return list(index)  # a row of a table: its values stand for columns
    return None


def _choose_column(texts: Any, names: list[object]) -> str:
    """Write how to index `texts` for a column, the likeliest one; of splits, for a column of the first."""
    chosen = "text" if "text" in names else names[0] if names else "text"
    shown = json.dumps(chosen, ensure_ascii=False) if isinstance(chosen, str) else str(chosen)
    if len(shown) > MAX_NAME_CHARACTERS:
        return '["text"]'
    inner = _list_columns(texts[chosen]) if isinstance(texts, Mapping) and chosen in texts else None
    return f"[{shown}]" if inner is None else f"[{shown}]{_choose_column(texts[chosen], inner)}"
