"""The speed tables: every figure of `results/benchmark.json`, and the throughput of all contenders."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.markdown import format_table

_LIMITS = {"at_least": "at least", "at_most": "at most"}


def format_speed(root: Path) -> str:
    """Return the tables of `root/results/benchmark.json`.

    Raises:
        InputError: the file is not what `scripts/benchmark.py` writes.
    """
    path = root / "results" / "benchmark.json"
    try:
        benchmark = json.loads(path.read_text(encoding="utf-8"))
        rounds, machine = benchmark["options"]["effort"]["repeats"], benchmark["machine"]
        parts = [
            f"Medians over {rounds} rounds in which all take turns, each in a process of its own, on the same IMDB "
            f"reviews, on {machine['num_cores']} cores with {machine['onednn_isa'] or 'no special instructions'}. "
            "From [`results/benchmark.json`](results/benchmark.json), written by",
            '```bash\npip install -e ".[benchmark]" && python scripts/benchmark.py --dataset stanfordnlp/imdb '
            "--output benchmark.json\n```",
            _format_figures(benchmark["sections"]),
            _describe_throughput(benchmark["sections"]["text-to-label"]),
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not what scripts/benchmark.py writes: {error!r}; measure anew") from None
    return "\n\n".join(parts)


def _format_figures(sections: Mapping[str, Any]) -> str:
    rows = [
        [
            name.replace("-", " "),
            figure["title"],
            f"{_format_number(figure['median'])} {figure['unit']}",
            f"{_format_number(figure['min'])} to {_format_number(figure['max'])}",
            _format_target(figure),
        ]
        for name, section in sections.items()
        for figure in section["figures"]
    ]
    return format_table(["section", "figure", "median", "range", "aim"], rows)


def _format_target(figure: Mapping[str, Any]) -> str:
    if not figure["target"]:
        return ""
    target = " and ".join(f"{_LIMITS[kind]} {value:g}" for kind, value in figure["target"].items())
    return target if figure["is_reached"] else f"{target}, **missed**"


def _describe_throughput(section: Mapping[str, Any]) -> str:
    rows = [
        [name, _format_number(contender["metrics"]["reviews_per_s"]["median"])]
        for name, contender in section["contenders"].items()
        if "reviews_per_s" in contender["metrics"]
    ]
    num_reviews = section["settings"]["num_reviews"]
    title = f"Reviews per second from raw text to label, {num_reviews:,} test reviews (fewer for the slow ones):"
    return f"{title}\n\n{format_table(['contender', 'reviews/s'], rows)}"


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
