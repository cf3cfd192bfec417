"""What is shown of an evaluation: a text report, calibration, the most confident mistakes, and plots."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hf_lstm.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_LABELS_WITH_COUNTS = 20
"""Confusion matrices of more labels than this show colors without counts: they would be too small to read."""
_COLOR, _GRAY = "#2a6fb0", "#6b7280"


def find_mistakes(probabilities: NDArray[np.float32], labels: NDArray[np.int64], *, max_rows: int) -> NDArray[np.int64]:
    """Return the rows that are predicted wrong, the most confident mistakes first.

    Args:
        probabilities: (num_rows, num_labels)
        labels: (num_rows,), the true class ids.
        max_rows: return at most this many.
    """
    rows = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return rows[np.argsort(-probabilities[rows].max(axis=1), kind="stable")][:max_rows]


def format_report(metrics: Mapping[str, Any]) -> str:
    """Return as lines of text what `evaluate_split` measured, with `calibration` as `compute_calibration` gives it."""
    names = metrics["confusion_matrix"]["labels"]
    rows = metrics["confusion_matrix"]["rows"]
    figures = ("precision", "recall", "f1")
    scores = [["", *figures, "rows"]]
    for name in names:
        label = metrics["per_label"][name]
        scores.append([name, *(f"{label[figure]:.4f}" for figure in figures), f"{label['support']:,}"])
    scores.append(["mean of labels", *(f"{metrics[figure]:.4f}" for figure in figures), f"{metrics['num_rows']:,}"])
    confusion = [["true \\ predicted", *names]]
    confusion += [[name, *(f"{count:,}" for count in row)] for name, row in zip(names, rows, strict=True)]
    return "\n".join(
        [
            f"accuracy           {100 * metrics['accuracy']:.2f} %",
            f"loss               {metrics['loss']:.4f}",
            f"calibration error  {100 * metrics['calibration']['expected_calibration_error']:.2f} %",
            "",
            *_align(scores),
            "",
            *_align(confusion),
        ]
    )


def require_matplotlib() -> None:
    """Check that plots can be drawn.

    Raises:
        InputError: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("plots need matplotlib, which is not installed: pip install 'hf-lstm[plots]'")


def draw_confusion_matrix(metrics: Mapping[str, Any]) -> "Figure":
    """Return the confusion matrix as a figure: counts, and as colors and in percent their shares of the true label."""
    from matplotlib.figure import Figure

    names = metrics["confusion_matrix"]["labels"]
    counts = np.array(metrics["confusion_matrix"]["rows"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side_inches = float(np.clip(1.6 + 0.9 * len(names), 4, 14))
    figure = Figure(figsize=(side_inches + 0.8, side_inches), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of the true label", shrink=0.8)
    axes.set_xticks(range(len(names)), [_shorten(name) for name in names], rotation=90 if len(names) > 4 else 0)
    axes.set_yticks(range(len(names)), [_shorten(name) for name in names])
    axes.set_xlabel("predicted label")
    axes.set_ylabel("true label")
    axes.set_title(f"{metrics['num_rows']:,} rows, accuracy {100 * metrics['accuracy']:.2f} %")
    if len(names) <= MAX_LABELS_WITH_COUNTS:
        for (row, column), share in np.ndenumerate(shares):
            text = f"{counts[row, column]:,}\n{100 * share:.1f} %"
            axes.text(column, row, text, ha="center", va="center", color="white" if share > 0.5 else "black")
    return figure


def draw_reliability(calibration: Mapping[str, Any]) -> "Figure":
    """Return a reliability diagram: the accuracy of each bin of `compute_calibration`, above the rows in it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    bins = calibration["bins"]
    starts = [each["from"] for each in bins]
    widths = [each["to"] - each["from"] for each in bins]
    style = {"width": widths, "align": "edge", "edgecolor": "white"}
    above.bar(starts, [each["accuracy"] for each in bins], color=_COLOR, label="accuracy", **style)
    above.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1, label="perfectly calibrated")
    above.set_ylim(0, 1.02)
    above.set_ylabel("accuracy")
    above.set_title(f"expected calibration error {100 * calibration['expected_calibration_error']:.2f} %")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    below.bar(starts, [each["num_rows"] for each in bins], color=_GRAY, **style)
    below.set_xlim(min(starts), 1)
    below.set_ylabel("rows")
    below.yaxis.set_major_formatter("{x:,.0f}")
    below.set_xlabel("confidence: probability of the predicted label")
    return figure


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG."""
    figure.savefig(path, dpi=150)


def _align(table: list[list[str]]) -> list[str]:
    """Return a line for each row: the first column to the left, the others to the right."""
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    aligned = [[cell.rjust(width) for cell in column] for column, width in zip(columns, widths, strict=True)]
    aligned[0] = [cell.ljust(widths[0]) for cell in columns[0]]
    return ["  ".join(row).rstrip() for row in zip(*aligned, strict=True)]


def _shorten(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"
