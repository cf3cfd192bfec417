"""Write how long recipes would take that were not run, of `results/estimates.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.markdown import format_table
from tables.measured import format_measured

_HEADER = ("recipe", "published test accuracy, %", "parameters", "tokens a second", "hours for all epochs", "on")


def format_estimates(root: Path) -> str:
    """Return the table of `root/results/estimates.json`.

    Raises:
        InputError: the file is not what `scripts/estimate_training.py` writes.
    """
    return format_measured(
        root / "results" / "estimates.json", "what scripts/estimate_training.py writes", _format_estimates
    )


def _format_estimates(estimates: Mapping[str, Any]) -> str:
    rows = [_format_row(name, estimate) for name, estimate in estimates.items()]
    (command,) = {estimate["command"] for estimate in estimates.values()}
    return f"{format_table(_HEADER, rows)}\n\n```bash\n{command}\n```"


def _format_row(name: str, estimate: Mapping[str, Any]) -> list[str]:
    return [
        f"`{name}`",
        f"{RECIPES[name].published['test_accuracy']:g}",
        f"{estimate['num_parameters']:,}",
        f"{estimate['tokens_per_s']:,.0f}",
        f"{estimate['estimated_s'] / 3600:.1f}",
        f"{estimate['num_threads']} threads of the {estimate['device'].upper()}, {estimate['precision']}",
    ]
