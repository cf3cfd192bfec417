"""What the recipes would take whose run is not in the results, of `results/estimates.json`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.markdown import format_table
from hf_lstm.recipes import RECIPES

_HEADER = ("recipe", "published test accuracy, %", "parameters", "tokens a second", "hours for all epochs", "on")


def format_estimates(root: Path) -> str:
    """Return the table of `root/results/estimates.json`.

    Raises:
        InputError: the file is not what `scripts/estimate_training.py` writes.
    """
    path = root / "results" / "estimates.json"
    try:
        estimates = json.loads(path.read_text(encoding="utf-8"))
        rows = [_format_row(name, estimate) for name, estimate in estimates.items()]
        (command,) = {estimate["command"] for estimate in estimates.values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not what scripts/estimate_training.py writes: {error!r}; measure anew") from None
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
