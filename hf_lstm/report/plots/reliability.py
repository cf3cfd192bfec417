"""Draws how far probabilities can be relied on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hf_lstm.evaluation.calibration import NUM_BINS
from hf_lstm.records.report import Calibration
from hf_lstm.report.plots.canvas import BLUE, GRAY, SKY, build_percent_formatter, make_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_reliability(calibrations: Mapping[str, Calibration], *, of_each_label: bool = False) -> "Figure":
    """Draw reliability diagrams side by side.

    Each shows the accuracy of each bin of `compute_calibration`, and below it the number of its rows.

    Args:
        calibrations: by title.
        of_each_label: whether they are of each label of a row, and not of its predicted one.
    """
    from matplotlib.ticker import MultipleLocator, PercentFormatter

    figure = make_figure(4.5 * len(calibrations), 5)
    figure.get_layout_engine().set(wspace=0.06)  # type: ignore[call-arg, union-attr]  # ticks at the edges would touch
    above, below = figure.subplots(2, len(calibrations), squeeze=False, sharex=True, sharey="row", height_ratios=[3, 1])
    # All of the range that confidence can have: else a model that is sure of all rows would fill the plot with one bin.
    width = next(each.high - each.low for calibration in calibrations.values() for each in calibration.bins)
    lowest = 1 - NUM_BINS * width
    for column, (title, calibration) in enumerate(calibrations.items()):
        bins = calibration.bins
        starts = [each.low for each in bins]
        style = {"width": width, "align": "edge", "edgecolor": "white"}
        top, bottom = above[column], below[column]
        top.bar(
            starts,
            [each.accuracy for each in bins],
            color=SKY,
            label="rows that have it" if of_each_label else "accuracy of the rows",
            **style,
        )
        means = [[getattr(each, name) for each in bins] for name in ("confidence", "accuracy")]
        top.plot(*means, color=BLUE, marker="o", linestyle="", clip_on=False, label="at their mean confidence")
        top.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1, label="perfectly calibrated")
        top.set_ylim(0, 1.02)
        top.set_title(f"{title}: error {100 * calibration.expected_calibration_error:.2f} %")
        bottom.bar(starts, [each.num_rows for each in bins], color=GRAY, **style)
        bottom.set_xlim(lowest, 1)
        bottom.xaxis.set_major_locator(MultipleLocator(0.1 if lowest > 0.4 else 0.2))  # more would touch
        bottom.yaxis.set_major_formatter("{x:,.0f}")
        bottom.yaxis.get_major_locator().set_params(integer=True)
        what = "probability of a label" if of_each_label else "confidence: probability of the predicted label"
        bottom.set_xlabel(what)
        for axes in (top, bottom):
            axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=" %"))
            style_axes(axes)
        top.yaxis.set_major_formatter(build_percent_formatter())
    figure.axes[0].set_ylabel("rows that have it" if of_each_label else "accuracy")
    below[0].set_ylabel("labels of rows" if of_each_label else "rows")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    ncols = 3 if len(calibrations) > 1 else 1  # below a single diagram they would be cut off
    figure.legend(handles, labels, loc="outside lower center", ncols=ncols, frameon=False)
    return figure
