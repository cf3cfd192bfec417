"""Write the table of what explanations are worth, of `results/explanations/*.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.markdown import format_table
from tables.measured import format_measured

_HEADER = (
    "model",
    "reviews",
    "probability of the predicted label",
    "without the 5 strongest words",
    "without 5 at random",
    "drop: strongest, random",
    "labels that change: strongest, random",
    "drop: strongest, by occlusion",
    "sums are right to",
    "400 words: p50, p95",
)


def format_explanations(root: Path) -> str:
    """Return the table of all files in `root/results/explanations`.

    Raises:
        InputError: there is none, or one is not what `scripts/measure_explanations.py` writes.
    """
    paths = sorted((root / "results" / "explanations").glob("*.json"))
    if not paths:
        raise InputError("results/explanations has no .json file; scripts/measure_explanations.py --output writes one")
    return format_table(_HEADER, [_read_row(path) for path in paths])


def _read_row(path: Path) -> list[str]:
    return format_measured(
        path, "what scripts/measure_explanations.py writes", lambda figures: _format_row(path.stem, figures)
    )


def _format_row(name: str, figures: Mapping[str, Any]) -> list[str]:
    strongest, random, fewer = figures["strongest"], figures["random"], figures["fewer_reviews"]
    ratio = f"{strongest['drop'] / random['drop']:.0f} x" if random["drop"] > 0 else "none at random"
    return [
        f"[`{name}`](explanations/{name}.json)",
        f"{figures['num_reviews']:,}",
        _format_percent(strongest["probability_before"]),
        _format_percent(strongest["probability_after"]),
        _format_percent(random["probability_after"]),
        f"**{100 * strongest['drop']:.1f}**, {100 * random['drop']:.1f} points ({ratio})",
        f"{_format_percent(strongest['changed_labels'])}, {_format_percent(random['changed_labels'])}",
        f"{100 * fewer['strongest']['drop']:.1f}, {100 * fewer['occlusion']['drop']:.1f} points "
        f"({fewer['num_reviews']} reviews)",
        f"{100 * figures['largest_relative_error']:.1g} %",
        f"{1000 * figures['seconds']['p50']:.0f}, {1000 * figures['seconds']['p95']:.0f} ms",
    ]


def _format_percent(share: float) -> str:
    return f"{100 * share:.1f} %"
