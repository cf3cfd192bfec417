"""Makes a process find no library of the given names, as where they are not installed."""

import sys
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from typing import Any


def hide_libraries(names: Iterable[str]) -> None:
    """Let no later import or search in this process find these top-level modules."""
    hidden = frozenset(names)
    assert hidden.isdisjoint(sys.modules)
    sys.meta_path[:] = [_Finder(finder, hidden) for finder in sys.meta_path]


class _Finder:
    def __init__(self, finder: Any, hidden: frozenset[str]) -> None:
        self._finder, self._hidden = finder, hidden

    def __getattr__(self, name: str) -> Any:  # such as what importlib.metadata asks for
        return getattr(self._finder, name)

    def find_spec(self, name: str, *arguments: Any) -> ModuleSpec | None:
        is_hidden = name.partition(".")[0] in self._hidden
        return None if is_hidden else self._finder.find_spec(name, *arguments)
