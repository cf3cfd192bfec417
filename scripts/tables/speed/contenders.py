"""Collect how accurately and how fast each contender of the benchmark classifies reviews."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarking.contenders.peak import PEAK
from benchmarking.harness.processors import name_kind
from benchmarking.harness.timing import IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE
from benchmarking.sections import text_to_label as names
from tables.accuracy.results import find_groups
from tables.measured import format_measured, read_benchmark, read_other_kinds

SHIPPED_RUNS, LARGE_RUNS, STOPWORD_RUNS = "pooled-bilstm", "pooled-bilstm-256-glove", "stopword-lstm"
DISTILLED_RUNS, FLAGSHIP_RUNS, TINY_RUNS = "distilled-bilstm", "flagship", "flagship-tiny"
"""The files in `results/`, without their seeds, of the networks that the benchmark times with random weights."""
PUBLISHED_DISTILBERT = 92.82
"""Sanh et al. 2019, DistilBERT, a distilled version of BERT, table 2, https://arxiv.org/abs/1910.01108."""

Kind = Literal["ours", "neural", "linear"]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way from text to label."""

    name: str
    """As the benchmark calls it."""
    kind: Kind
    accuracy: float | None
    """In percent, on the official IMDB test split; None where nobody measured it."""
    note: str = ""
    """What is to be known of the accuracy, in two or three words."""
    reviews_per_s: float | None
    """On all cores, in one process or in one a core; None where it was not measured."""


@dataclass(frozen=True)
class Panel:
    """Contenders on one kind of processor."""

    machine: str
    """In a few words."""
    contenders: list[Contender]


@dataclass(frozen=True)
class _Source:
    kind: Kind
    read: Callable[[Path, str], float | None]
    """Returns the accuracy, in percent, from the root folder and the contender's name."""
    note: str = ""


def collect_contenders(root: Path, kind: str | None = None) -> list[Contender]:
    """Return the contenders of text to label: those that are known here, then what else was timed.

    Who computes in a format that the processor emulates is none there.

    Args:
        root: the repository's folder.
        kind: of the processor that they were timed on; None for the one of the pages.

    Raises:
        InputError: a file of `root/results` is not what writes it.
    """
    timed = read_text_to_label(root, kind)
    left_out = {name for name, figures in timed.items() if figures.get("status") == "left out"}
    known = {
        name: _describe(root, name, source, timed.get(name))
        for name, source in _SOURCES.items()
        if name not in left_out
    }
    others = {
        name: _describe(root, name, _Source("ours" if name.startswith("ours") else "neural", _read_fact), figures)
        for name, figures in timed.items()
        if name not in _SOURCES and name not in left_out
    }
    contenders = [*known.values(), *others.values()]
    return [each for each in contenders if each.reviews_per_s is not None or _has_own_accuracy(each)]


def _has_own_accuracy(contender: Contender) -> bool:
    return contender.accuracy is not None and contender.note != "same network"


def collect_panels(root: Path) -> list[Panel]:
    """Return what the picture shows for each kind of processor, that of the pages first.

    Raises:
        InputError: as `collect_contenders`.
    """
    panels = []
    for kind in (None, *read_other_kinds(root)):
        num_cores, isa = read_benchmark(
            root,
            lambda benchmark: (int(benchmark["machine"]["num_cores"]), name_kind(benchmark["machine"])),
            kind,
        )
        panels.append(Panel(f"{num_cores} CPU cores, {isa}", collect_contenders(root, kind)))
    return panels


def read_text_to_label(root: Path, kind: str | None = None) -> dict[str, Any]:
    """Return what the benchmark says of each contender that classifies texts, by name.

    Raises:
        InputError: the file is not what the benchmark writes.
    """

    def read(benchmark: Any) -> dict[str, Any]:
        section = benchmark["sections"].get("text-to-label", {"contenders": {}})
        return {name: figures for name, figures in section["contenders"].items() if name != PEAK.name}

    return read_benchmark(root, read, kind)


def read_num_cores(root: Path) -> int:
    """Return on how many cores the benchmark ran.

    Raises:
        InputError: the file is not what the benchmark writes.
    """
    return read_benchmark(root, lambda benchmark: int(benchmark["machine"]["num_cores"]))


def _describe(root: Path, name: str, source: _Source, timed: Mapping[str, Any] | None) -> Contender:
    metrics = timed["metrics"] if timed is not None else {}
    speeds = [metrics[way]["median"] for way in (IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE) if way in metrics]
    accuracy = source.read(root, name)
    return Contender(
        name=name,
        kind=source.kind,
        accuracy=accuracy,
        note=source.note if accuracy is not None else "",
        reviews_per_s=max(speeds, default=None),
    )


def read_run_accuracy(root: Path, group: str) -> float | None:
    """Return the mean test accuracy of the runs called `group`, in percent; None if there are none."""
    runs = find_groups(root).get(group)
    return None if runs is None else runs.mean_accuracy


def _read_runs(group: str) -> Callable[[Path, str], float | None]:
    return lambda root, name: read_run_accuracy(root, group)


def _read_fact(root: Path, name: str) -> float | None:
    """Return the accuracy that the benchmark measured of a contender that it trained."""
    facts = read_text_to_label(root).get(name, {}).get("facts", {})
    return 100 * float(facts["test_accuracy"]) if "test_accuracy" in facts else None


def _read_baseline(root: Path, name: str) -> float | None:
    """Return the accuracy that `scripts/measure_baselines.py` measured."""
    return format_measured(
        root / "results" / "baselines.json",
        "what scripts/measure_baselines.py writes",
        lambda baselines: 100 * float(baselines["models"][name]["test"]["accuracy"]),
    )


_SOURCES: Mapping[str, _Source] = {
    names.POOLED: _Source("ours", _read_runs(SHIPPED_RUNS)),
    names.BF16: _Source("ours", _read_runs(LARGE_RUNS)),
    names.FP32: _Source("ours", _read_runs(LARGE_RUNS)),
    names.STOPWORD: _Source("ours", _read_runs(STOPWORD_RUNS), "own test rows"),
    names.DISTILLED: _Source("ours", _read_runs(DISTILLED_RUNS)),
    names.FLAGSHIP: _Source("ours", _read_runs(FLAGSHIP_RUNS)),
    names.TINY: _Source("ours", _read_runs(TINY_RUNS)),
    names.PACKED: _Source("neural", _read_runs(LARGE_RUNS), "same network"),
    names.KERAS: _Source("neural", _read_runs(LARGE_RUNS), "same network"),
    names.PACKED_INT8: _Source("neural", _read_runs(LARGE_RUNS), "same network"),
    names.ONNX_FP32: _Source("neural", _read_runs(LARGE_RUNS), "same network"),
    names.ONNX_INT8: _Source("neural", _read_runs(LARGE_RUNS), "same network"),
    names.DISTILBERT_FP32: _Source("neural", lambda root, name: PUBLISHED_DISTILBERT, "published"),
    names.DISTILBERT_BF16: _Source("neural", lambda root, name: PUBLISHED_DISTILBERT, "published"),
    names.NB_SVM: _Source("linear", _read_baseline),
    names.TFIDF: _Source("linear", _read_baseline),
    names.FASTTEXT: _Source("linear", _read_fact),
}
