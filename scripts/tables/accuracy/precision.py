"""Write the table of what computing in bfloat16 changes, of `results/precision.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_percent, format_table
from tables.measured import format_measured, list_models

_HEADER = (
    "model",
    "hidden units",
    "same label",
    "probabilities differ by up to",
    "logit margins differ by up to",
    "largest margin",
    "`auto` predicts in",
)
_MARGINS = ("largest_margin_difference", "largest_margin")


def format_precision(root: Path) -> str:
    """Return the table of `root/results/precision.json`: bfloat16 against float32.

    Raises:
        InputError: the file is not what `scripts/measure_precision.py` writes.
    """
    return format_measured(
        root / "results" / "precision.json", "what scripts/measure_precision.py writes", _format_models
    )


def _format_models(measured: Mapping[str, Any]) -> str:
    models = list_models(measured)
    rows = [_format_row(name, figures) for name, figures in models.items()]
    sizes = " / ".join(dict.fromkeys(f"{figures['num_reviews']:,}" for figures in models.values()))
    return (
        f"bfloat16 against float32 on the {sizes} official test reviews, from "
        "[`results/precision.json`](precision.json), by `python scripts/measure_precision.py MODEL`:\n\n"
        + format_table(_HEADER, rows)
    )


def _format_row(name: str, figures: Mapping[str, Any]) -> list[str]:
    rounded = figures["bfloat16"]
    return [
        f"`{name}`",
        str(figures["hidden_size"]),
        format_percent(rounded["same_labels"]),
        f"{rounded['largest_difference']:.2g}",
        *(f"{rounded[name]:.2g}" if name in rounded else "not measured" for name in _MARGINS),
        figures["auto"]["dtype"],
    ]
