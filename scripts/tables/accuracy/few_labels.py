"""Write the table of models that have few labels, of `results/few_labels.json`."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_percent, format_table
from tables.measured import format_measured

_ROWS = {
    "TF-IDF + logistic regression, labels alone": ("model", "baseline_test_accuracy"),
    "language model, fine-tuned": ("model", "test_accuracy"),
    "taught by it and by n-grams": ("student", "test_accuracy"),
}
_AIM = 0.9
"""Mean test accuracy that was to be reached with 1,000 labels."""


def format_few_labels(root: Path) -> str:
    """Return the table of `root/results/few_labels.json`.

    Raises:
        InputError: the file is not what `scripts/try_few_labels.py` writes.
    """
    return format_measured(root / "results" / "few_labels.json", "what scripts/try_few_labels.py writes", _format_seeds)


def _format_seeds(figures: Mapping[str, Any]) -> str:
    seeds = figures["seeds"]
    rows, means = [], []
    for name, (step, figure) in _ROWS.items():
        found = [of_seed[step][figure] for of_seed in seeds.values() if step in of_seed]
        if found:
            means.append(statistics.fmean(found))
            rows.append([name, *map(format_percent, found), f"**{format_percent(means[-1])}**"])
    table = format_table(("test accuracy", *(f"seed {seed}" for seed in seeds), "mean"), rows)
    return (
        f"With {figures['num_labels']:,} labels, from [`results/few_labels.json`](few_labels.json):\n\n{table}\n\n"
        f"The aim of {100 * _AIM:g} % is {'reached' if max(means) >= _AIM else '**missed**'}.\n\n"
        f"```bash\n{figures['command']}\n```"
    )
