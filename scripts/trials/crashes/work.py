"""Says what is struck: a way to do some work in a folder, and what shows that it went well."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Work:
    """Describes work that can be stopped and resumed."""

    name: str
    do: Callable[[Path], None]
    """Does it in a folder, or goes on with what the folder holds."""
    read: Callable[[Path], Mapping[str, Any] | None]
    """Reads from its folder all that must not depend on when it was stopped, by name; None if it is not finished."""
    find_loss: Callable[[Path], str | None]
    """Says what is lost of work that was stopped, before it is resumed: see `name_counter`."""
    warm_up: Callable[[Path], None]
    """Has this process load, with a folder to work in, what those need that are forked from it."""
    claim: Callable[[Path], AbstractContextManager[Any]]
    """Keeps everybody else out of its folder."""


def name_counter(folder: Path) -> Path:
    """Name the file beside a folder that counts what the work has saved: it has as many bytes.

    It outlives the process, and what is done to the folder.
    """
    return folder.with_suffix(".saves")


def count_save(folder: Path) -> None:
    """Count something that is saved now."""
    with name_counter(folder).open("ab") as file:
        file.write(b".")


def read_count(folder: Path) -> int:
    """Return how much was saved."""
    counter = name_counter(folder)
    return counter.stat().st_size if counter.exists() else 0
