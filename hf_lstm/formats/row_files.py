"""Defines what readers of files without Arrow types give: rows, one by one."""

from collections.abc import Iterator, Set
from typing import Any, Final, NamedTuple

from hf_lstm.errors import InputError
from hf_lstm.tokenization.word_patterns import replace_surrogates

ABSENT: Final = object()
"""Stands for the value of a column that a row does not have."""
MISSING_LABELS = frozenset({"nan", "null"})
"""What programs write for no label, in lower case, where each value is text."""


class Place(NamedTuple):
    """Names a row for error messages. It becomes text only where a message needs it."""

    file: object
    number: int
    """Counted from 0."""
    line: int | None
    """The line in which the row starts, from 1; None if the file has no lines."""

    def __str__(self) -> str:
        return f"{self.file}, row {self.number + 1}" + (f" (line {self.line})" if self.line else "")


class RowFile(NamedTuple):
    """Holds an open file of rows."""

    name: str
    """For error messages."""
    columns: list[str]
    rows: Iterator[tuple[int | None, list[Any]]]
    """Each row: the line in which it starts, from 1, and as many values as there are columns so far. The line is None
    if the file has no lines."""
    missing_labels: Set[str] = frozenset()
    """Words, in lower case, that mean that there is no label: where all values are text, nothing else can say it."""
    delimiter: str = ""
    """What stands between fields in the file, if it is of such a type."""


def check_text(value: object, place: Place, column: str) -> str:
    """Return a value of a text column; halves of surrogate pairs, which JSON can write, are replaced.

    Raises:
        InputError: it is no text.
    """
    if isinstance(value, str):
        return replace_surrogates(value)
    if value is ABSENT:
        raise InputError(f"{place}: there is no column {column!r}, which the first row has")
    what = f"{type(value).__name__} is no text"
    if value is None or value != value:
        what = f"there is no text ({'null' if value is None else 'NaN'})"
    raise InputError(f"{place}, column {column!r}: {what}; drop the row, or write an empty text")
