"""Finds processes through /proc. Needs Linux."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_DEAD = "Z"


@dataclass(frozen=True)
class Process:
    """Describes a process."""

    number: int
    state: str
    parent: int
    session: int

    @property
    def is_alive(self) -> bool:
        """Tell whether it has not ended, though its parent may not have asked how."""
        return self.state != _DEAD

    def read(self, name: str) -> bytes:
        """Read a file of what the system tells of it, such as `cmdline`.

        Raises:
            OSError: it has ended meanwhile.
        """
        return Path(f"/proc/{self.number}/{name}").read_bytes()


def list_processes() -> Iterator[Process]:
    """Yield all processes, those included that have ended and were not asked how."""
    for entry in Path("/proc").glob("[0-9]*"):
        if (found := find_process(int(entry.name))) is not None:
            yield found


def find_process(number: int) -> Process | None:
    """Find a process; None if there is none of that number."""
    with contextlib.suppress(OSError):  # it has ended
        state, parent, _, session = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[:4]
        return Process(number, state, int(parent), int(session))
    return None


def is_alive(number: int) -> bool:
    """Tell whether a process has not ended."""
    found = find_process(number)
    return found is not None and found.is_alive


def find_session(leader: int) -> list[int]:
    """Find the processes that a session still has."""
    return [each.number for each in list_processes() if each.session == leader and each.is_alive]


def find_descendants(ancestor: int) -> list[Process]:
    """Find the processes that one has started, and those that these have."""
    by_number = {each.number: each for each in list_processes()}

    def is_below(each: Process) -> bool:
        while each.parent != ancestor and each.parent in by_number:
            each = by_number[each.parent]
        return each.parent == ancestor

    return [each for each in by_number.values() if is_below(each)]
