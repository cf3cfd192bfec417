"""Draws how loss and accuracy changed while training."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hf_lstm.records.results import Epoch
from hf_lstm.report.plots.canvas import (
    BLUE,
    GRAY,
    ORANGE,
    build_percent_formatter,
    limit_to_shares,
    make_figure,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_MARKERS = 20
"""Of more epochs, not each is marked: the markers would hide the line."""


def draw_learning_curves(epochs: Sequence[Epoch], best_epoch: int) -> "Figure":
    """Draw loss and accuracy of each epoch, on train and on validation.

    A line marks the epoch that was kept.
    """
    figure = make_figure(9, 3.8)
    numbers = [epoch.epoch for epoch in epochs]
    every = math.ceil(len(epochs) / MAX_MARKERS)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for split, color, marker in (("train", ORANGE, "s"), ("validation", BLUE, "o")):
            values = [getattr(getattr(epoch, split), name) for epoch in epochs]
            axes.plot(numbers, values, color=color, marker=marker, markevery=every, label=split)
        axes.axvline(best_epoch, color=GRAY, linestyle=":", label="epoch kept", zorder=0)
        axes.set_title(f"{name}, nats" if name == "loss" else name)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # there may be one epoch
        style_axes(axes)
    axes.yaxis.set_major_formatter(build_percent_formatter())
    limit_to_shares(axes)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure
