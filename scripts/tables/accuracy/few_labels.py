"""Write the table of models that have few labels, of `results/few_labels.json`."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_percent, format_table
from tables.measured import format_measured

_BASELINE = "TF-IDF + logistic regression, labels alone"
_FIRST = {"model": "language model, fine-tuned", "student": "taught by these and by n-grams"}
_LATER = {"model": "the same by another seed", "student": "taught by the student before and by n-grams"}
"""What the steps are called; a later one of a kind has its number in its name, such as `student-2`."""
_AIM = 0.9
"""Mean test accuracy that the last step was to reach with 1,000 labels."""


def format_few_labels(root: Path) -> str:
    """Return the table of `root/results/few_labels.json`.

    Raises:
        InputError: the file is not what `scripts/try_few_labels.py` writes.
    """
    return format_measured(root / "results" / "few_labels.json", "what scripts/try_few_labels.py writes", _format_seeds)


def _format_seeds(figures: Mapping[str, Any]) -> str:
    seeds = figures["seeds"].values()
    rows = [(_BASELINE, [of_seed["model"]["baseline_test_accuracy"] for of_seed in seeds])]
    for step in dict.fromkeys(step for of_seed in seeds for step in of_seed):
        kind, _, number = step.partition("-")
        name = _LATER[kind] if number else _FIRST[kind]
        rows.append((name, [of_seed.get(step, {}).get("test_accuracy") for of_seed in seeds]))
    cells, means, missing = [], [], []
    for name, accuracies in rows:
        found = [accuracy for accuracy in accuracies if accuracy is not None]
        means.append(statistics.fmean(found))
        missing = [seed for seed, accuracy in zip(figures["seeds"], accuracies, strict=True) if accuracy is None]
        of_seeds = ["" if accuracy is None else format_percent(accuracy) for accuracy in accuracies]
        cells.append([name, *of_seeds, f"**{format_percent(means[-1])}**"])
    table = format_table(("test accuracy", *(f"seed {seed}" for seed in figures["seeds"]), "mean"), cells)
    without = f" The last step was not run yet with seed {' and '.join(missing)}." if missing else ""
    return (
        f"With {figures['num_labels']:,} labels, from [`results/few_labels.json`](few_labels.json):\n\n{table}\n\n"
        f"The aim of {100 * _AIM:g} % is {'reached' if means[-1] >= _AIM else '**missed**'}.{without}\n\n"
        f"```bash\n{figures['command']}\n```"
    )
