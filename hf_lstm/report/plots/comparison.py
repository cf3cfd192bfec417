"""Draws the accuracy of several models beside each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hf_lstm.records.report import Measurement
from hf_lstm.report.plots.canvas import (
    BLUE,
    GREEN,
    LIGHT_GRAY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    build_percent_formatter,
    limit_to_shares,
    make_figure,
    style_axes,
)
from hf_lstm.report.plots.names import shorten_names, style_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_MODEL_CHARACTERS = 36
"""Longer names lose their middle: names of models often differ only at the end, as in the seed."""
COLORS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
MARKERS = "os^Dv"


def draw_comparison(names: Sequence[str], reports: Sequence[Measurement]) -> "Figure":
    """Draw the accuracy of several models, and their validation accuracy by epoch.

    Accuracy has its 95 % interval. `names` are those of the models.
    """
    height_inches = float(np.clip(1.8 + 0.35 * len(reports), 3.8, 14))
    figure = make_figure(11, height_inches)
    left, right = figure.subplots(1, 2)
    for index, report in enumerate(reports):
        color, marker = COLORS[index % len(COLORS)], MARKERS[index // len(COLORS) % len(MARKERS)]
        accuracy, (low, high) = report.metrics.accuracy, report.metrics.accuracy_interval
        error = [[accuracy - low], [high - accuracy]]
        left.errorbar(accuracy, index, xerr=error, color=color, marker=marker, capsize=4)
        epochs = [epoch.epoch for epoch in report.epochs]
        values = [epoch.validation.accuracy for epoch in report.epochs]
        right.plot(epochs, values, color=color, marker=marker, markersize=4)
    shown = shorten_names(names, MAX_MODEL_CHARACTERS)
    left.set_yticks(range(len(reports)), shown, **style_names(shown))
    left.invert_yaxis()
    left.margins(y=0.5 / len(reports))
    left.set_title("accuracy, 95 % interval")
    left.xaxis.set_major_formatter(build_percent_formatter())
    left.xaxis.get_major_locator().set_params(nbins=5)  # more would touch
    limit_to_shares(left, along="x")
    left.grid(axis="x", color=LIGHT_GRAY)
    left.spines[["top", "right"]].set_visible(False)
    right.set_title("validation accuracy while training")
    right.set_xlabel("epoch")
    right.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # there may be one epoch
    right.yaxis.set_major_formatter(build_percent_formatter())
    limit_to_shares(right)
    style_axes(right)
    return figure
