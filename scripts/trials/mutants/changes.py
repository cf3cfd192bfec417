"""Lists what can be changed in a file, and draws a sample."""

import difflib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst
from mutmut.mutation.mutators import mutation_operators

from trials.mutants.runs import ROOT


@dataclass(frozen=True)
class Area:
    """Says whose code is changed, and which tests should notice."""

    sources: tuple[str, ...]
    """Folders and files, from the repository's root."""
    tests: tuple[str, ...]

    def list_files(self) -> list[Path]:
        """List the files to change."""
        folders = [ROOT / source for source in self.sources]
        files = [file for path in folders for file in (sorted(path.glob("*.py")) if path.is_dir() else [path])]
        return [file for file in files if file.name != "__init__.py"]

    def list_tests(self) -> list[str]:
        """List the tests, for pytest."""
        return [str(ROOT / test) for test in self.tests]


AREAS: Mapping[str, Area] = {
    "checkpointing": Area(("hf_lstm/storage",), ("tests/storage", "tests/tracking")),
    "input": Area(
        ("hf_lstm/rows", "hf_lstm/formats", "hf_lstm/config/checks.py", "hf_lstm/config/overrides.py"),
        ("tests/rows", "tests/formats", "tests/config", "tests/data"),
    ),
    "push": Area(
        tuple(f"hf_lstm/hub/{name}.py" for name in ("push", "commit", "publication", "session", "errors", "bodies")),
        ("tests/hub", "tests/cli/test_push.py"),
    ),
}


@dataclass(frozen=True, eq=False)
class Change:
    """Replaces a node of a file's syntax tree."""

    file: Path
    number: int
    """Among the changes of the file."""
    module: libcst.Module
    old: libcst.CSTNode
    new: libcst.CSTNode

    @property
    def name(self) -> str:
        """Return what the change is known by, from start to start, while the file stays as it is."""
        return f"{self.file.relative_to(ROOT).as_posix()} {self.number}"

    def apply(self) -> str:
        """Return the file's text with the change."""
        changed = self.module.deep_replace(self.old, self.new)
        assert isinstance(changed, libcst.Module)
        return str(changed.code)

    @property
    def line(self) -> int:
        """Return the first line that the change is in."""
        return find_change(self.module.code, self.apply())[0]

    def describe(self) -> dict[str, str]:
        """Describe the change: its line, and what stands there before and after."""
        line, before, after = find_change(self.module.code, self.apply())
        return {"place": f"{self.file.relative_to(ROOT).as_posix()}:{line}", "before": before, "after": after}


def list_changes(area: str) -> list[Change]:
    """List all changes of an area: those that mutmut makes within functions.

    Texts and annotations are left alone: how a message is worded, no test should fix.
    """
    return [change for file in AREAS[area].list_files() for change in _list_changes_of(file)]


def _list_changes_of(file: Path) -> list[Change]:
    module = libcst.parse_module(file.read_text(encoding="utf-8"))
    finder = _Finder()
    module.visit(finder)
    return [Change(file, number, module, old, new) for number, (old, new) in enumerate(finder.found)]


class _Finder(libcst.CSTVisitor):  # type: ignore[misc]  # of a library without types here
    """Finds nodes within functions, and what may stand in their places."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[libcst.CSTNode, libcst.CSTNode]] = []
        self._depth = 0

    def on_visit(self, node: libcst.CSTNode) -> bool:
        """Note what may be changed here, and tell whether to look inside."""
        if isinstance(node, (libcst.BaseString, libcst.Annotation, libcst.Decorator)):
            return False
        if self._depth:
            for kind, operator in mutation_operators:
                if isinstance(node, kind):
                    self.found += [(node, new) for new in operator(node)]
        self._depth += isinstance(node, libcst.FunctionDef)
        return True

    def on_leave(self, original_node: libcst.CSTNode) -> None:
        """Count the functions around."""
        self._depth -= isinstance(original_node, libcst.FunctionDef)


def find_change(before: str, after: str) -> tuple[int, str, str]:
    """Find the first line that differs, and return its number, and the changed lines of both texts, joined."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    _, start, end, new_start, new_end = next(code for code in matcher.get_opcodes() if code[0] != "equal")
    return start + 1, _join(old[start:end]), _join(new[new_start:new_end])


def _join(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


def draw(changes: Sequence[Change], number: int, seed: int) -> list[Change]:
    """Draw a sample, in a random order: the same for a seed, and a larger one begins with a smaller one."""
    order = list(changes)
    random.Random(seed).shuffle(order)
    return order[:number]
