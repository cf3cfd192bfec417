"""Reads JSON and JSON Lines files row by row, and refuses damaged ones."""

import contextlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hf_lstm.errors import InputError, abbreviate
from hf_lstm.formats.encodings import open_text
from hf_lstm.formats.row_files import ABSENT, Place, RowFile


@contextlib.contextmanager
def open_json(path: Path, encoding: str | None = None) -> Iterator[RowFile]:
    """Open a JSON or JSON Lines file: an object on each line, or one list of objects.

    The first row names the columns; those that later rows add are added to the list of them. The line of a
    row is None if the file is one list.

    Raises:
        InputError: at once, or when a row is read: the file is not in this encoding or not JSON, or a row is no object.
    """
    objects = _iterate_objects(path, encoding)
    first = next(objects, None)
    if first is None:
        raise InputError(f"{path}: there are no rows; expected objects such as {{'text': ..., 'label': ...}}")
    second = next(objects, None)
    if second is None and first[1] and all(isinstance(value, list | dict) for value in first[1].values()):
        raise InputError(
            f"{path}: holds one object of lists or objects ({abbreviate(list(first[1]), max_names=5)}), not a row "
            "each; write it anew, as pandas does by to_json(path, orient='records', lines=True)"
        )
    columns = list(first[1])
    begun = [first] if second is None else [first, second]
    yield RowFile(str(path), columns, _list_values(itertools.chain(begun, objects), columns))


def _list_values(
    objects: Iterator[tuple[int | None, dict[str, Any]]], columns: list[str]
) -> Iterator[tuple[int | None, list[Any]]]:
    """Yield the values of each object in the order of the columns; those that are not there are `ABSENT`.

    A column that no object before has had is added to `columns`.
    """
    known = set(columns)
    for line, row in objects:
        if not known.issuperset(row):
            columns += [column for column in row if column not in known]
            known.update(row)
        yield line, [row.get(column, ABSENT) for column in columns]


def _iterate_objects(path: Path, encoding: str | None) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Yield each object, with its line."""
    for index, (line, row) in enumerate(_parse(path, encoding)):
        where = Place(path, index, line)
        if isinstance(row, _RepeatedKey):
            raise InputError(f"{where}: several columns are called {row.name!r}; give each a name of its own")
        if not isinstance(row, dict):
            raise InputError(f"{where}: expected an object such as {{'text': ..., 'label': ...}}")
        yield line, row


def _parse(path: Path, encoding: str | None) -> Iterator[tuple[int | None, Any]]:
    """Yield each row, with its line if the file is JSON Lines."""
    with open_text(path, encoding) as stream:
        first = []
        for text in stream:
            first.append(text)
            if text.strip():
                break
        if first and first[-1].lstrip().startswith("["):
            rows = _load(path, None, "".join(first) + stream.read())
            yield from ((None, row) for row in rows)
            return
        for line, text in enumerate(itertools.chain(first, stream), start=1):
            if text.strip():
                yield line, _load(path, line, text)


def _load(path: Path, line: int | None, text: str) -> Any:
    where = str(path) if line is None else f"{path}, line {line}"
    try:
        return json.loads(text, object_pairs_hook=_build_object)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}, line {line or error.lineno}: not JSON ({error.msg}, column {error.colno}); "
            "expected an object on each line, or one list of objects"
        ) from error
    except RecursionError:
        raise InputError(f"{where}: nested too deep; expected an object with a text and a label") from None
    except ValueError:  # Python refuses to convert thousands of digits
        raise InputError(f"{where}: holds a number of too many digits; write it as text, in quotes") from None


class _RepeatedKey(NamedTuple):
    """Stands for an object that has two values of one name."""

    name: str


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _RepeatedKey:
    built = dict(pairs)
    if len(built) == len(pairs):
        return built
    names = [name for name, _ in pairs]
    return _RepeatedKey(next(name for name in names if names.count(name) > 1))
