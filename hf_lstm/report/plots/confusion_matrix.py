"""Draws a confusion matrix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hf_lstm.records.results import SplitFigures
from hf_lstm.report.plots.canvas import build_percent_formatter, make_figure
from hf_lstm.report.plots.names import shorten_names, style_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_LABEL_CHARACTERS = 20
"""Longer names lose their middle."""
MAX_WIDE_LABELS = 8
"""A confusion matrix of more labels has narrow cells, and leaves zeros out."""
MAX_CHARACTERS_SIDE_BY_SIDE = 12
"""Longer names are turned upright below the matrix."""


def draw_confusion_matrix(metrics: SplitFigures) -> "Figure":
    """Draw the confusion matrix, of metrics that have one.

    Each cell shows its count, and its share of the true label, in percent and as a color.
    """
    names = metrics.confusion_matrix.labels
    counts = np.array(metrics.confusion_matrix.rows)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    are_few = len(names) <= MAX_WIDE_LABELS
    side_inches = float(np.clip(1.6 + (0.9 if are_few else 0.48) * len(names), 3.8, 14))
    figure = make_figure(side_inches + 1.0, side_inches)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    bar = figure.colorbar(image, ax=axes, shrink=0.85)
    bar.ax.yaxis.set_major_formatter(build_percent_formatter())
    bar.outline.set_visible(False)
    bar.set_label("share of the true label")
    fit_side_by_side = len(names) <= 4 and max(map(len, names)) <= MAX_CHARACTERS_SIDE_BY_SIDE
    shown = shorten_names(names, MAX_LABEL_CHARACTERS)
    name_style = style_names(shown)
    axes.set_xticks(range(len(names)), shown, rotation=0 if fit_side_by_side else 90, **name_style)
    axes.set_yticks(range(len(names)), shown, **name_style)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted label")
    axes.set_ylabel("true label")
    axes.set_title(f"{metrics.num_rows:,} rows, {100 * metrics.accuracy:.2f} % right")
    if metrics.confusion_matrix.fits_page():  # else they would be too small to read
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": None if are_few else 8}
        for (row, column), share in np.ndenumerate(shares):
            text = f"{counts[row, column]:,}\n{100 * share:.{1 if are_few else 0}f} %"
            if are_few or counts[row, column]:  # among many, zeros would hide the others
                axes.text(column, row, text, color=_choose_ink(image.to_rgba(share)), **style)
    return figure


def _choose_ink(ground: Sequence[float] | NDArray[np.float64]) -> str:
    """Choose black or white for a text on a color, whichever has more contrast: WCAG 2.2, 1.4.3."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in ground[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"
