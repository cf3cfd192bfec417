"""Draw accuracy against speed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarking.sections import text_to_label as names
from tables.picture.label_places import Box, Label, place_labels
from tables.speed.contenders import Contender, Panel

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

_TITLE = "Accuracy on the official IMDB test, and speed"
_NOT_MEASURED = "accuracy not measured yet"
_WIDTH_INCHES, _HEIGHT_INCHES, _DOTS_PER_INCH = 8.0, 5.2, 160
"""Twice the 800 dots that a page gives it."""
_LABELS = {
    names.POOLED: "pooled-bilstm",
    names.BF16: "BiLSTM, bf16",
    names.FP32: "BiLSTM, fp32",
    names.STOPWORD: "stopword-lstm",
    names.DISTILLED: "distilled-bilstm",
    names.FLAGSHIP: "flagship",
    names.TINY: "flagship-tiny",
    names.PACKED: "PyTorch loop",
    names.KERAS: "Keras",
    names.PACKED_INT8: "PyTorch int8",
    names.ONNX_FP32: "ONNX Runtime",
    names.ONNX_INT8: "ONNX int8",
    names.TFIDF: "TF-IDF + LR",
    names.NB_SVM: "NB-SVM",
    names.FASTTEXT: "fastText",
}
_LEGEND = {"ours": "this package", "neural": "other neural networks", "linear": "linear models"}
_MARKERS = {"ours": "o", "neural": "s", "linear": "^"}
_FONT_SIZE = 9
_FAR_POINTS = 22
"""From a marker to its label: from here on, a line joins them."""


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colors on light or dark pages, told apart by people of any color vision (Okabe and Ito 2008)."""

    page: str
    text: str
    faint: str
    grid: str
    colors: Mapping[str, str]


THEMES: Mapping[str, Theme] = {
    "accuracy-and-speed.png": Theme(
        page="#ffffff",
        text="#1f2328",
        faint="#59636e",
        grid="#e5e7eb",
        colors={"ours": "#0072B2", "neural": "#D55E00", "linear": "#009E73"},
    ),
    "accuracy-and-speed-dark.png": Theme(
        page="#0d1117",
        text="#f0f6fc",
        faint="#9198a1",
        grid="#2b323b",
        colors={"ours": "#56B4E9", "neural": "#E69F00", "linear": "#2fc49a"},
    ),
}
"""By the names of the files."""


@dataclass(frozen=True)
class _Spot:
    """A contender and where its marker stands."""

    contender: Contender
    speed: float
    height: float


@dataclass(frozen=True)
class _Frame:
    """Limits of the axes."""

    slowest: float
    fastest: float
    bottom: float
    strip_top: float
    """Below it, there stands what has no accuracy; `bottom` where all have one."""
    top: float


def draw_picture(panels: Sequence[Panel], theme: Theme) -> "Figure":
    """Return accuracy against reviews per second, a panel for each kind of processor, one below the other.

    What was not timed is a line at its accuracy. What has no accuracy stands in a strip at the bottom, which says so.
    A line connects those that nobody passes in both.
    """
    from matplotlib.figure import Figure  # slow to import, and needed here alone

    height = _HEIGHT_INCHES * len(panels)
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DOTS_PER_INCH, facecolor=theme.page)
    figure.text(0.01, 1 - 0.045 / len(panels), _TITLE, color=theme.text, fontsize=11.5, fontweight="bold")
    _draw_legend(figure, theme, top=1 - 0.055 / len(panels))
    for number, panel in enumerate(panels, start=1):
        bottom = 1 - (number - 0.115) / len(panels)
        _draw_panel(figure, figure.add_axes((0.075, bottom, 0.905, 0.755 / len(panels))), panel, theme)
    return figure


def _draw_panel(figure: "Figure", axes: "Axes", panel: Panel, theme: Theme) -> None:
    contenders, frame = panel.contenders, _choose_frame(panel.contenders)
    _draw_frame(axes, frame, theme)
    speed = f"reviews per second from text to label, {panel.machine} (log scale)"
    axes.set_xlabel(speed, color=theme.text, fontsize=_FONT_SIZE + 1)
    _draw_front(axes, contenders, theme)
    spots = _choose_spots(contenders, frame)
    for contender in contenders:
        if contender.reviews_per_s is None and contender.accuracy is not None:
            _draw_untimed(axes, contender, contender.accuracy, theme)
    markers = [_draw_marker(axes, spot, theme) for spot in spots]
    figure.draw_without_rendering()  # so that all know where they stand
    taken = [_find_box(each) for each in (*axes.texts, *markers)]
    _draw_labels(axes, spots, taken, theme)


def find_front(contenders: Sequence[Contender]) -> list[tuple[float, float]]:
    """Find the speeds and accuracies that nobody passes in both, the slowest first."""
    front: list[tuple[float, float]] = []
    timed = [
        (each.reviews_per_s, each.accuracy)
        for each in contenders
        if each.reviews_per_s is not None and each.accuracy is not None
    ]
    for speed, accuracy in sorted(timed, reverse=True):
        if not front or accuracy > front[-1][1]:
            front.append((speed, accuracy))
    return front[::-1]


def _draw_front(axes: "Axes", contenders: Sequence[Contender], theme: Theme) -> None:
    front = find_front(contenders)
    if len(front) > 1:
        speeds, accuracies = zip(*front, strict=True)
        axes.plot(speeds, accuracies, color=theme.faint, linewidth=1, alpha=0.6, zorder=1)


def _choose_frame(contenders: Sequence[Contender]) -> _Frame:
    speeds = [each.reviews_per_s for each in contenders if each.reviews_per_s is not None]
    accuracies = [each.accuracy for each in contenders if each.accuracy is not None]
    low, high = min(accuracies, default=85.0) - 0.6, max(accuracies, default=95.0) + 0.9
    has_strip = any(each.accuracy is None for each in contenders)
    return _Frame(
        slowest=min(speeds, default=10.0) / 2.5,
        fastest=max(speeds, default=10_000.0) * 3,
        bottom=low - 1 if has_strip else low,
        strip_top=low,
        top=high,
    )


def _choose_spots(contenders: Sequence[Contender], frame: _Frame) -> list[_Spot]:
    """Return where markers stand: of all that was timed."""
    middle_of_strip = frame.bottom + 0.3
    return [
        _Spot(each, each.reviews_per_s, middle_of_strip if each.accuracy is None else each.accuracy)
        for each in contenders
        if each.reviews_per_s is not None
    ]


def _draw_frame(axes: "Axes", frame: _Frame, theme: Theme) -> None:
    """Set limits, ticks and grid, and draw the strip of what has no accuracy."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator, NullLocator

    axes.set_facecolor(theme.page)
    axes.set_xscale("log")
    axes.set_xlim(frame.slowest, frame.fastest)
    axes.set_ylim(frame.bottom, frame.top)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(MultipleLocator(1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f} %" if value > frame.strip_top else ""))
    axes.tick_params(colors=theme.faint, labelsize=_FONT_SIZE, length=0)
    axes.grid(color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    if frame.strip_top > frame.bottom:
        axes.axhspan(frame.bottom, frame.strip_top, color=theme.grid, alpha=0.45, linewidth=0)
        place = (frame.slowest * 1.06, frame.strip_top - 0.08)
        axes.text(*place, _NOT_MEASURED, color=theme.faint, fontsize=_FONT_SIZE, va="top")


def _draw_legend(figure: "Figure", theme: Theme, *, top: float) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=theme.colors[kind], marker=_MARKERS[kind], linestyle="", markersize=7, label=text)
        for kind, text in _LEGEND.items()
    ]
    hollow = Line2D([], [], color=theme.faint, marker="s", markerfacecolor="none", linestyle="", markersize=7)
    hollow.set_label("published accuracy")
    figure.legend(
        handles=[*handles, hollow], loc="upper left", bbox_to_anchor=(0.0, top), ncols=4, frameon=False,
        fontsize=_FONT_SIZE, labelcolor=theme.text, handletextpad=0.3, columnspacing=1.4,
    )  # fmt: skip


def _draw_marker(axes: "Axes", spot: _Spot, theme: Theme) -> "Line2D":
    """Draw a marker, hollow where nobody measured the accuracy here."""
    color = theme.colors[spot.contender.kind]
    is_hollow = spot.contender.note == "published" or spot.contender.accuracy is None
    (marker,) = axes.plot([spot.speed], [spot.height], marker=_MARKERS[spot.contender.kind], linestyle="", zorder=3)
    marker.set_markersize(9)
    marker.set_markerfacecolor(theme.page if is_hollow else color)
    marker.set_markeredgecolor(color if is_hollow else theme.page)
    marker.set_markeredgewidth(1.8 if is_hollow else 1.0)
    return marker


def _draw_untimed(axes: "Axes", contender: Contender, accuracy: float, theme: Theme) -> None:
    """Draw a line at the accuracy of what has no speed yet, and its name above it."""
    color = theme.colors[contender.kind]
    axes.axhline(accuracy, color=color, linestyle=":", linewidth=1.2, zorder=1)
    words = f"{_name(contender)}: {accuracy:.1f} %, not timed yet"
    axes.annotate(
        words, (0.99, accuracy), xycoords=("axes fraction", "data"), xytext=(0, 2.5), textcoords="offset points",
        ha="right", va="bottom", color=color, fontsize=_FONT_SIZE,
    )  # fmt: skip


def _draw_labels(axes: "Axes", spots: Sequence[_Spot], taken: Sequence[Box], theme: Theme) -> None:
    """Write each contender's name and accuracy where it is free beside its marker."""
    texts = [_write_label(axes, spot, theme) for spot in spots]
    labels = []
    for spot, text in zip(spots, texts, strict=True):
        x, y = axes.transData.transform((spot.speed, spot.height))
        box = _find_box(text)
        labels.append(Label(x, y, box.x1 - box.x0, box.y1 - box.y0))
    dots_per_point = _DOTS_PER_INCH / 72
    places = place_labels(labels, taken, _find_box(axes), dots_per_point)
    for spot, text, label, place in zip(spots, texts, labels, places, strict=True):
        text.set_position((place.right, place.up))
        text.set_horizontalalignment("left" if place.right > 0 else "right" if place.right < 0 else "center")
        text.set_verticalalignment("bottom" if place.up > 0 else "top" if place.up < 0 else "center")
        if math.hypot(place.right, place.up) > _FAR_POINTS:
            end = label.x + place.right * dots_per_point, label.y + place.up * dots_per_point
            speed, height = axes.transData.inverted().transform(end)
            axes.plot([spot.speed, speed], [spot.height, height], color=theme.faint, linewidth=0.7, zorder=2)


def _write_label(axes: "Axes", spot: _Spot, theme: Theme) -> "Annotation":
    from matplotlib.patheffects import withStroke

    contender, words = spot.contender, _name(spot.contender)
    if contender.accuracy is not None:
        words += f"\n{contender.accuracy:.1f} %{', ' if contender.note else ''}{contender.note}"
    text = axes.annotate(
        words, (spot.speed, spot.height), xytext=(0, 0), textcoords="offset points", color=theme.text,
        fontsize=_FONT_SIZE, linespacing=1.15, zorder=4,
    )  # fmt: skip
    if contender.accuracy is not None:  # lines of the grid end before the letters
        text.set_path_effects([withStroke(linewidth=3, foreground=theme.page)])
    return text


def _find_box(drawn: "Artist") -> Box:
    return Box(*drawn.get_window_extent().extents)


def _name(contender: Contender) -> str:
    return _LABELS.get(contender.name, contender.name)
