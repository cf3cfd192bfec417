"""Finds which tests run a function of the code that is changed, and how long each takes."""

import ast
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from trials.mutants.runs import ROOT, SURVIVED, try_tests


@dataclass(frozen=True)
class Covering:
    """Says which tests run a line."""

    by_line: dict[str, dict[int, list[str]]]
    """By the file, from the repository's root, and the line."""
    seconds: dict[str, float]
    """Of each test, without any change."""

    def list_rounds(self, file: Path, line: int) -> list[tuple[list[str], float]]:
        """List what to run for a change in a line: tests for pytest, and the seconds that they take without it.

        First those that run its function. Then all tests of their files, as what these share is made once, and counts
        as run by the first of them. Where no test runs the function, all tests there are.
        """
        first = self._list_tests(file, line)
        files = {name.partition("::")[0] for name in first}
        rest = [name for name in self.seconds if name.partition("::")[0] in files or not files]
        named = sorted(files or {name.partition("::")[0] for name in rest})
        return [
            ([str(ROOT / each) for each in named], sum(self.seconds[name] for name in counted))
            for named, counted in ((first, first), (named, rest))
            if named
        ]

    def _list_tests(self, file: Path, line: int) -> list[str]:
        """List the tests that run the function around a line: those that reach the line first, then the fast ones."""
        by_line = self.by_line.get(file.relative_to(ROOT).as_posix(), {})
        body = find_function(file.read_text(encoding="utf-8"), line)
        around = {test for number in body for test in by_line.get(number, ())}
        reach = set(by_line.get(line, ()))
        return sorted(around, key=lambda test: (test not in reach, self.seconds[test]))


def find_function(code: str, line: int) -> range:
    """Find the lines of the body of the innermost function around a line; none if there is none."""
    spans = [
        (node.lineno, node.body[0].lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    _, first, last = max((span for span in spans if span[0] <= line <= span[2]), default=(0, 1, 0))
    return range(first, last + 1)


def measure_covering(files: Sequence[Path], tests: Sequence[str]) -> Covering | None:
    """Run tests without any change, and note which lines of some files each runs; None if they fail."""
    with tempfile.TemporaryDirectory() as scratch:
        found = Path(scratch) / "found.json"
        if try_tests(tests, lambda: None, plugins=[_Recorder(files, found)]) != SURVIVED:
            return None
        said = json.loads(found.read_text(encoding="utf-8"))
    by_line = {name: {int(line): names for line, names in lines.items()} for name, lines in said["by_line"].items()}
    return Covering(by_line, said["seconds"])


@dataclass
class _Recorder:
    """Is a plugin of pytest that notes the lines and the seconds of each test."""

    files: Sequence[Path]
    target: Path
    _seconds: dict[str, float] = field(default_factory=dict)
    _coverage: Any = None

    def pytest_sessionstart(self) -> None:
        """Begin to follow lines."""
        import coverage

        self._coverage = coverage.Coverage(data_file=None, include=[str(file) for file in self.files])
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note lines as this test's, those of its fixtures included."""
        self._coverage.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the seconds of a test and of its fixtures."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        """Write what was found."""
        self._coverage.stop()
        data = self._coverage.get_data()
        by_line = {
            os.path.relpath(file, ROOT): {
                line: [test for test in tests if test] for line, tests in sorted(data.contexts_by_lineno(file).items())
            }
            for file in data.measured_files()
        }
        self.target.write_text(json.dumps({"by_line": by_line, "seconds": self._seconds}), encoding="utf-8")
