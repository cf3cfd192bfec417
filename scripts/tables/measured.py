"""Read the files of figures that tables show."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hf_lstm.errors import InputError

T = TypeVar("T")


def format_measured(path: Path, what: str, format_figures: Callable[[Any], T], *, remedy: str = "measure anew") -> T:
    """Return what `format_figures` makes of the JSON in a file.

    Raises:
        InputError: the file is not there, or not `what`.
    """
    try:
        return format_figures(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not {what}: {error!r}; {remedy}") from None


def list_models(measured: Mapping[str, Any]) -> dict[str, Any]:
    """List the figures of each model in a file that begins with the command that wrote it."""
    return {name: figures for name, figures in measured.items() if name != "command"}


def read_benchmark(root: Path, read: Callable[[Any], T], kind: str | None = None) -> T:
    """Return what `read` makes of `root/results/benchmark.json`.

    Args:
        root: the repository's folder.
        read: takes the machine, options and sections of one kind of processor.
        kind: of the processor; None for the one of the pages.

    Raises:
        InputError: the file is not there, or not what the benchmark writes.
    """

    def read_kind(benchmark: Any) -> T:
        return read(benchmark if kind is None else benchmark["other_processors"][kind])

    return format_measured(root / "results" / "benchmark.json", "what scripts/benchmark.py writes", read_kind)


def read_other_kinds(root: Path) -> list[str]:
    """Return the kinds of processors that were measured beside the one of the pages.

    Raises:
        InputError: as `read_benchmark`.
    """
    return read_benchmark(root, lambda benchmark: list(benchmark.get("other_processors", {})))
