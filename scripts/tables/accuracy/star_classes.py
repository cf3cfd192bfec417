"""Write what the run on four classes of stars reached, of `results/star-classes-seed0.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hf_lstm.markdown import format_interval, format_percent, format_table
from tables.measured import format_measured

RUN_NAME = "star-classes"
"""What the file's name has before the seed."""
_LABELS = ["1-2", "3-4", "7-8", "9-10"]
_IS_POSITIVE = np.array([False, False, True, True])
_POSITIONS = np.arange(len(_LABELS))
_RIGHT_ANSWERS = {
    "the right class": np.eye(len(_LABELS), dtype=bool),
    "the right class or one beside it": abs(_POSITIONS[:, None] - _POSITIONS) <= 1,
    "the right side (up to 4 stars, or from 7)": _IS_POSITIVE[:, None] == _IS_POSITIVE,
}
"""Which answer, a column, counts as right for which class, a row."""


def format_star_classes(root: Path) -> str:
    """Return the command, the shares of right answers and the confusion matrix of the run's official test reviews.

    Raises:
        InputError: the file is not the `results.json` of a run on these classes.
    """
    path = root / "results" / f"{RUN_NAME}-seed0.json"
    return format_measured(
        path,
        f"the results.json of a run on the classes {', '.join(_LABELS)}",
        lambda results: _format_run(results, path.name),
        remedy="copy it from the run anew",
    )


def _format_run(results: Mapping[str, Any], link: str) -> str:
    test = results["splits"]["test"]
    confusion = test["confusion_matrix"]
    if confusion["labels"] != _LABELS:
        raise ValueError(f"its labels are {confusion['labels']}")
    counts, interval = np.array(confusion["rows"]), format_interval(test["accuracy_interval"])
    return "\n\n".join(
        [
            f"```bash\n{results['command']}\n```",
            f"With the recipe `{results['recipe']}`, seed {results['seed']}, on the {counts.sum():,} official test "
            f"reviews (95 % interval of the first share: {interval}), from [`results/{link}`]({link}):",
            format_table(("answers with", "the model", "the best constant answer"), _format_shares(counts)),
            format_table(
                ("the author gave", *(f"answer {label}" for label in _LABELS), "recall"), _format_counts(counts)
            ),
        ]
    )


def _format_shares(counts: NDArray[np.int64]) -> list[list[str]]:
    """Return a row for each way to be right: the model's share, and that of the one class that does best."""
    rows = []
    for name, is_right in _RIGHT_ANSWERS.items():
        constant = counts.sum(axis=1) @ is_right / counts.sum()
        best = int(constant.argmax())
        answer = "any" if (constant == constant[best]).all() else f"`{_LABELS[best]}`"
        rows.append(
            [
                name,
                f"**{format_percent(float(counts[is_right].sum() / counts.sum()))}**",
                f"{format_percent(float(constant[best]))} ({answer})",
            ]
        )
    return rows


def _format_counts(counts: NDArray[np.int64]) -> list[list[str]]:
    return [
        [label, *(f"{count:,}" for count in row), format_percent(float(row[index] / row.sum()))]
        for index, (label, row) in enumerate(zip(_LABELS, counts, strict=True))
    ]
