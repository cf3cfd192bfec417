"""Write the table of short and tricky texts, of `results/short_texts.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_percent, format_table
from tables.measured import format_measured, list_models

_KINDS = {
    "everyday": "everyday sentences",
    "word": "single words",
    "tricky": "tricky reviews",
    "pair": "minimal pairs",
    "negation": "negation",
    "rewrite": "rewritten reviews",
    "contrast": "reviews edited",
    "unseen_pair": "unseen pairs",
    "typed": "as typed",
    "all": "all",
}
_AIMS = {"everyday": 0.88, "pair": 0.75, "unseen_pair": 0.75, "rewrite": 0.8}
"""Accuracy that was to be reached on texts of these kinds."""


def format_short_texts(root: Path) -> str:
    """Return the table of `root/results/short_texts.json`.

    Raises:
        InputError: the file is not what `scripts/measure_short_texts.py` writes.
    """
    what = "what scripts/measure_short_texts.py writes"
    return format_measured(root / "results" / "short_texts.json", what, _format_models)


def _format_models(measured: Mapping[str, Any]) -> str:
    models = list_models(measured)
    numbers = next(iter(models.values()))
    header = (
        "model",
        *(f"{name} ({numbers[kind]['num_texts']})" for kind, name in _KINDS.items()),
        "calibration error",
    )
    rows = [
        [
            f"`{name}`",
            *(_format_kind(figures[kind], _AIMS.get(kind)) for kind in _KINDS),
            format_percent(figures["all"]["expected_calibration_error"]),
        ]
        for name, figures in models.items()
    ]
    return f"From [`results/short_texts.json`](short_texts.json):\n\n{format_table(header, rows)}"


def _format_kind(figures: Mapping[str, Any], aim: float | None) -> str:
    accuracy = format_percent(figures["accuracy"])
    if aim is not None and figures["accuracy"] < aim:
        accuracy += f" (aim: {100 * aim:g} %, **missed**)"
    return f"{accuracy}, whole pairs {format_percent(figures['whole_pairs'])}" if "whole_pairs" in figures else accuracy
