"""Finds the columns of texts and labels by their names."""

from collections.abc import Sequence
from typing import NamedTuple

from hf_lstm.errors import InputError, abbreviate

TEXT_COLUMNS = ("text", "review", "sentence", "content", "comment", "body", "message", "tweet", "document")
LABEL_COLUMNS = ("label", "labels", "sentiment", "class", "category", "target", "polarity", "stars", "rating", "score")
LABEL_SEPARATOR = "|"
"""Stands between the labels of a cell, unless a setting names something else."""
_PADDING = " \t\r\n\v\f\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\N{ZERO WIDTH SPACE}"


class Columns(NamedTuple):
    """Names the columns to read; None means the first well-known name."""

    text: str | None = None
    label: str | None = None
    """Several names with commas between are columns of 0 and 1, one for each label."""


class MissingLabelColumnError(InputError):
    """Says that a file or split has texts, but no column of labels."""


class MissingTextColumnError(InputError):
    """Says that a file or split has no column of texts."""


def find_columns(name: str, columns: Sequence[str], wanted: Columns) -> tuple[str, ...]:
    """Find the names of the text column and the label column, or of several label columns.

    They are those wanted, else the first well-known ones.

    Raises:
        MissingLabelColumnError: there is a text column, but no such label column.
        InputError: there is no such column, or there are two; the message lists all columns.
    """
    text = find_text_column(name, columns, wanted.text)
    labels = []
    for each in _split_names(columns, wanted.label):
        label = _find_column(columns, each, LABEL_COLUMNS)
        if label is None:
            raise MissingLabelColumnError(_describe_missing(name, columns, "label", each))
        _require_one(name, columns, "label", each, label)
        if text == label:
            raise InputError(f"{name}: text and label are both read from column {text!r}; they must differ")
        if label in labels:
            raise InputError(f"{name}: label column {label!r} is named twice")
        labels.append(label)
    return text, *labels


def find_text_column(name: str, columns: Sequence[str], text_column: str | None) -> str:
    """Find the name of the text column.

    It is `text_column`, else the first well-known one. White space around names does not matter.

    Raises:
        InputError: there is no such column, or there are two; the message lists all columns.
    """
    found = _find_column(columns, text_column, TEXT_COLUMNS)
    if found is None:
        raise MissingTextColumnError(_describe_missing(name, columns, "text", text_column))
    _require_one(name, columns, "text", text_column, found)
    return found


def _split_names(columns: Sequence[str], wanted: str | None) -> Sequence[str | None]:
    """Split the names of label columns at commas, unless a column is called so as a whole."""
    if wanted is None or "," not in wanted or _find_column(columns, wanted, ()) is not None:
        return [wanted]
    names = [part.strip() for part in wanted.split(",") if part.strip()]
    if not names:
        raise InputError(f"no label column is named by {wanted!r}: name columns of 0 and 1, with commas between")
    return names


def _find_column(columns: Sequence[str], wanted: str | None, known: Sequence[str]) -> str | None:
    if wanted is None:
        by_name = {_strip(column).casefold(): column for column in reversed(columns)}
        return next((by_name[candidate] for candidate in known if candidate in by_name), None)
    if wanted in columns:
        return wanted
    return next((column for column in columns if _strip(column) == _strip(wanted)), None)


def _require_one(name: str, columns: Sequence[str], kind: str, wanted: str | None, found: str) -> None:
    """Refuse a column whose name others have, too: which of them is meant?"""
    alike = [column for column in columns if _strip(column) == _strip(found)]
    if wanted is None and len(alike) == 1:
        alike = [column for column in columns if _strip(column).casefold() == _strip(found).casefold()]
        if len(alike) > 1:
            raise InputError(
                f"{name}: the columns {abbreviate(alike)} differ in case alone; name one with --{kind}-column "
                f"({kind}_column= in Python)"
            )
    if len(alike) > 1:
        raise InputError(f"{name}: several columns are called {_strip(found)!r}; give each a name of its own")


def _strip(column: str) -> str:
    return column.strip(_PADDING)


def _describe_missing(name: str, columns: Sequence[str], kind: str, wanted: str | None) -> str:
    missing = f"there is no {kind} column" if wanted is None else f"there is no column {wanted!r}"
    if not columns:
        return f"{name}: {missing}, as there are no columns at all; write their names as the first row"
    hint = "" if wanted or kind == "label" else "; if these are no names, write them as the first row"
    return (
        f"{name}: {missing}; the columns are {abbreviate(columns)}: "
        f"name one with --{kind}-column ({kind}_column= in Python){hint}"
    )
