"""Write what a billion reviews take, of `results/benchmark.json`, and what kills did, of `results/ray_kills.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_table
from tables.measured import format_measured

_CONTENDERS = ("ours, BiLSTM, bf16", "ours, pooled-bilstm", "ours, stopword-lstm")
_NUM_REVIEWS = 1_000_000_000


def format_corpora(root: Path) -> str:
    """Return the table of what a billion reviews take.

    Raises:
        InputError: the file is not what its script writes.
    """
    rows = format_measured(root / "results" / "benchmark.json", "what scripts/benchmark.py writes", _list_costs)
    heading = [
        "model",
        "reviews/s a core",
        "core-hours",
        "with 64 cores",
        "cost, at P per core-hour",
        "memory a worker",
    ]
    return (
        f"{format_table(heading, rows)}\n\nReviews of IMDB's length, from raw text to label, by one process on a "
        "machine of 2 cores (with AMX), divided by its cores; without reading and writing. Each worker is one core. "
        "The cost is core-hours times the price P of one. "
        "The memory is the peak of that process; Ray and the parts on their way come on top."
    )


def format_ray_kills(root: Path) -> str:
    """Return the sentence about what kills did.

    Raises:
        InputError: the file is not what its script writes.
    """
    return format_measured(
        root / "results" / "ray_kills.json", "what scripts/kill_ray_worker.py writes", _describe_kills
    )


def _list_costs(benchmark: Mapping[str, Any]) -> list[list[str]]:
    return [_list_cost(benchmark, name) for name in _CONTENDERS]


def _list_cost(benchmark: Mapping[str, Any], name: str) -> list[str]:
    metrics = benchmark["sections"]["text-to-label"]["contenders"][name]["metrics"]
    per_core = metrics["reviews_per_s"]["median"] / benchmark["machine"]["num_cores"]
    hours = _NUM_REVIEWS / per_core / 3600
    return [
        name.removeprefix("ours, "),
        f"{per_core:,.0f}",
        f"{hours:,.0f}",
        f"{hours / 64:.1f} h",
        f"{hours:,.0f} P",
        f"{metrics['peak_memory_mb']['median']:.0f} MB",
    ]


def _describe_kills(kills: Mapping[str, Any]) -> str:
    return (
        f"Of {kills['num_rows']:,} rows in {kills['num_parts']} parts, scored by {kills['num_workers']} workers, the "
        f"command was killed after {kills['parts_when_the_command_was_killed']} parts, and a worker after "
        f"{kills['parts_when_a_worker_was_killed']}. Rows lost: {kills['rows_lost']}. "
        f"Doubled: {kills['rows_doubled']}. Changed: {kills['rows_changed']}. Labels that differ from "
        "those of one process: "
        f"{kills['labels_that_differ']}. Largest difference of a score: {kills['largest_difference_of_scores']:.1g}."
    )
