"""Draws the plots of a report from the figures in its metrics.json."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hf_lstm.evaluation.calibration import NUM_BINS
from hf_lstm.extras import is_installed, name_install_command
from hf_lstm.records.report import Calibration, LengthGroup, Measurement
from hf_lstm.records.results import Epoch, SplitFigures
from hf_lstm.report.drawing import hash_drawing
from hf_lstm.report.fonts import find_font_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter

NO_PLOTS = f"plots are left out, since matplotlib is not installed: {name_install_command('matplotlib')}"
MAX_LABEL_CHARACTERS, MAX_MODEL_CHARACTERS = 20, 36
"""Longer names lose their middle. Names of models often differ only at the end, as in the seed."""
MAX_WIDE_LABELS = 8
"""A confusion matrix of more labels has narrow cells, and leaves zeros out."""
MAX_CHARACTERS_SIDE_BY_SIDE = 12
"""Longer names are turned upright below a confusion matrix."""
# Colors that people with any color vision can tell apart: Okabe & Ito, Color Universal Design, 2008, https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, PURPLE, RED, SKY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9"
COLORS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
GRAY, LIGHT_GRAY = "#6b7280", "#e5e7eb"
MARKERS = "os^Dv"


def can_draw() -> bool:
    """Return whether matplotlib is installed."""
    return is_installed("matplotlib")


def draw_confusion_matrix(metrics: SplitFigures) -> "Figure":
    """Draw the confusion matrix, of metrics that have one.

    Each cell shows its count, and its share of the true label, in percent and as a color.
    """
    names = metrics.confusion_matrix.labels
    counts = np.array(metrics.confusion_matrix.rows)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    are_few = len(names) <= MAX_WIDE_LABELS
    side_inches = float(np.clip(1.6 + (0.9 if are_few else 0.48) * len(names), 3.8, 14))
    figure = _make_figure(side_inches + 1.0, side_inches)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    bar = figure.colorbar(image, ax=axes, shrink=0.85)
    bar.ax.yaxis.set_major_formatter(_build_percent_formatter())
    bar.outline.set_visible(False)
    bar.set_label("share of the true label")
    fit_side_by_side = len(names) <= 4 and max(map(len, names)) <= MAX_CHARACTERS_SIDE_BY_SIDE
    shown = shorten_names(names, MAX_LABEL_CHARACTERS)
    name_style = _style_names(shown)
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


def draw_learning_curves(epochs: Sequence[Epoch], best_epoch: int) -> "Figure":
    """Draw loss and accuracy of each epoch, on train and on validation.

    A line marks the epoch that was kept.
    """
    figure = _make_figure(9, 3.8)
    numbers = [epoch.epoch for epoch in epochs]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for split, color, marker in (("train", ORANGE, "s"), ("validation", BLUE, "o")):
            values = [getattr(getattr(epoch, split), name) for epoch in epochs]
            axes.plot(numbers, values, color=color, marker=marker, label=split)
        axes.axvline(best_epoch, color=GRAY, linestyle=":", label="epoch kept", zorder=0)
        axes.set_title(f"{name}, nats" if name == "loss" else name)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # there may be one epoch
        _style_axes(axes)
    axes.yaxis.set_major_formatter(_build_percent_formatter())
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_reliability(calibrations: Mapping[str, Calibration], *, of_each_label: bool = False) -> "Figure":
    """Draw reliability diagrams side by side.

    Each shows the accuracy of each bin of `compute_calibration`, and below it the number of its rows.

    Args:
        calibrations: by title.
        of_each_label: whether they are of each label of a row, and not of its predicted one.
    """
    from matplotlib.ticker import MultipleLocator, PercentFormatter  # slow to import, and needed here alone

    figure = _make_figure(4.5 * len(calibrations), 5)
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
            _style_axes(axes)
        top.yaxis.set_major_formatter(_build_percent_formatter())
    figure.axes[0].set_ylabel("rows that have it" if of_each_label else "accuracy")
    below[0].set_ylabel("labels of rows" if of_each_label else "rows")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    ncols = 3 if len(calibrations) > 1 else 1  # below a single diagram they would be cut off
    figure.legend(handles, labels, loc="outside lower center", ncols=ncols, frameon=False)
    return figure


def draw_accuracy_by_length(groups: Sequence[LengthGroup], accuracy: float) -> "Figure":
    """Draw accuracy by the length of texts.

    Each group of `measure_by_length` has its 95 % interval. A line shows `accuracy`, that of all rows.
    """
    figure = _make_figure(7, 3.8)
    axes = figure.add_subplot()
    values = np.array([group.accuracy for group in groups])
    bounds = np.array([group.accuracy_interval for group in groups])
    errors = np.abs(bounds.T - values)
    axes.errorbar(range(len(groups)), values, yerr=errors, fmt="o", color=BLUE, capsize=4, label="95 % interval")
    axes.axhline(accuracy, color=GRAY, linestyle=":", label="all rows", zorder=0)
    axes.set_xticks(range(len(groups)), [_name_length(group) for group in groups])
    axes.set_xlabel("words in the text")
    axes.yaxis.set_major_formatter(_build_percent_formatter())
    axes.set_title("accuracy by length; groups of about equally many rows")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)  # within the axes it may hide a group
    _style_axes(axes)
    return figure


def _name_length(group: LengthGroup) -> str:
    """Name how many words the texts of a group have."""
    fewest, most = f"{group.from_words:,}", f"{group.to_words:,}"
    return fewest if fewest == most else f"{fewest}\nto {most}"


def draw_comparison(names: Sequence[str], reports: Sequence[Measurement]) -> "Figure":
    """Draw the accuracy of several models, and their validation accuracy by epoch.

    Accuracy has its 95 % interval. `names` are those of the models.
    """
    height_inches = float(np.clip(1.8 + 0.35 * len(reports), 3.8, 14))
    figure = _make_figure(11, height_inches)
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
    left.set_yticks(range(len(reports)), shown, **_style_names(shown))
    left.invert_yaxis()
    left.margins(y=0.5 / len(reports))
    left.set_title("accuracy, 95 % interval")
    left.xaxis.set_major_formatter(_build_percent_formatter())
    left.xaxis.get_major_locator().set_params(nbins=5)  # more would touch
    left.grid(axis="x", color=LIGHT_GRAY)
    left.spines[["top", "right"]].set_visible(False)
    right.set_title("validation accuracy while training")
    right.set_xlabel("epoch")
    right.xaxis.get_major_locator().set_params(integer=True)
    right.yaxis.set_major_formatter(_build_percent_formatter())
    _style_axes(right)
    return figure


def save_figure(figure: "Figure", path: Path | BinaryIO) -> None:
    """Write a figure as PNG, with a white background.

    So it can be read on dark pages, too. The file has a hash of what is drawn, by which drawings are compared.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # `find_font_families` warned in one line
        description = f"drawing sha256 {hash_drawing(figure)}"
        figure.savefig(path, dpi=150, facecolor="white", metadata={"Description": description})


def shorten(name: str, max_characters: int) -> str:
    """Shorten a name that is too long, by cutting out its middle."""
    num_last = max_characters // 2
    return name if len(name) <= max_characters else f"{name[: max_characters - num_last - 1]}…{name[-num_last:]}"


def shorten_names(names: Sequence[str], max_characters: int) -> list[str]:
    """Shorten names that are too long, so that they still differ.

    If only their middle tells them apart, up to twice as many characters stay. Names that are still alike are numbered.
    """
    for length in range(max_characters, 2 * max_characters + 1):
        shown = [shorten(name, length) for name in names]
        if len(set(shown)) == len(set(names)):
            return shown
    shown = [shorten(name, max_characters) for name in names]
    counts, numbers = Counter(shown), Counter[str]()
    for index, short in enumerate(shown):
        if counts[short] > 1:
            numbers[short] += 1
            shown[index] = f"{short} ({numbers[short]})"
    return shown


def _make_figure(width_inches: float, height_inches: float) -> "Figure":
    from matplotlib.figure import Figure  # slow to import, and needed here alone

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def _choose_ink(ground: Sequence[float] | NDArray[np.float64]) -> str:
    """Choose black or white for a text on a color, whichever has more contrast: WCAG 2.2, 1.4.3."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in ground[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def _style_names(names: Sequence[str]) -> dict[str, Any]:
    """Return the text properties to draw names with.

    Names may be in any script. Their dollar signs are no formulas.
    """
    return {"fontfamily": find_font_families(names), "parse_math": False}


def _build_percent_formatter() -> "Formatter":
    """Build the formatter that shows shares on an axis as percent.

    It shows as many decimals as the ticks need.
    """
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(xmax=1, symbol=" %")


def _style_axes(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=LIGHT_GRAY)
    axes.set_axisbelow(True)
