"""Draws accuracy by the length of texts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hf_lstm.records.report import LengthGroup
from hf_lstm.report.plots.canvas import BLUE, GRAY, build_percent_formatter, limit_to_shares, make_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_accuracy_by_length(groups: Sequence[LengthGroup], accuracy: float) -> "Figure":
    """Draw accuracy by the length of texts.

    Each group of `measure_by_length` has its 95 % interval. A line shows `accuracy`, that of all rows.
    """
    figure = make_figure(7, 3.8)
    axes = figure.add_subplot()
    values = np.array([group.accuracy for group in groups])
    bounds = np.array([group.accuracy_interval for group in groups])
    errors = np.abs(bounds.T - values)
    axes.errorbar(range(len(groups)), values, yerr=errors, fmt="o", color=BLUE, capsize=4, label="95 % interval")
    axes.axhline(accuracy, color=GRAY, linestyle=":", label="all rows", zorder=0)
    axes.set_xticks(range(len(groups)), [group.name_words().replace(" to", "\nto") for group in groups])
    axes.set_xlim(-0.5, len(groups) - 0.5)  # two groups would stand at the edges
    limit_to_shares(axes)
    axes.set_xlabel("words in the text")
    axes.yaxis.set_major_formatter(build_percent_formatter())
    axes.set_title("accuracy by length; groups of about equally many rows")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)  # within the axes it may hide a group
    style_axes(axes)
    return figure
