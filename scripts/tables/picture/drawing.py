"""Draw accuracy against speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tables.picture.marks import Spot, draw_labels, draw_marker, draw_untimed, find_box
from tables.picture.themes import DOTS_PER_INCH, FONT_SIZE, MARKERS, Theme
from tables.speed.contenders import Contender, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE = "Accuracy on the official IMDB test, and speed"
_NOT_MEASURED = "accuracy not measured yet"
_WIDTH_INCHES, _HEIGHT_INCHES = 8.0, 5.2
_LEGEND = {"ours": "this package", "neural": "other neural networks", "linear": "linear models"}


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
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=DOTS_PER_INCH, facecolor=theme.page)
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
    axes.set_xlabel(speed, color=theme.text, fontsize=FONT_SIZE + 1)
    _draw_front(axes, contenders, theme)
    spots = _choose_spots(contenders, frame)
    for contender in contenders:
        if contender.reviews_per_s is None and contender.accuracy is not None:
            draw_untimed(axes, contender, contender.accuracy, theme)
    markers = [draw_marker(axes, spot, theme) for spot in spots]
    figure.draw_without_rendering()  # so that all know where they stand
    taken = [find_box(each) for each in (*axes.texts, *markers)]
    draw_labels(axes, spots, taken, theme)


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


def _choose_spots(contenders: Sequence[Contender], frame: _Frame) -> list[Spot]:
    """Return where markers stand: of all that was timed."""
    middle_of_strip = frame.bottom + 0.3
    return [
        Spot(each, each.reviews_per_s, middle_of_strip if each.accuracy is None else each.accuracy)
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
    axes.tick_params(colors=theme.faint, labelsize=FONT_SIZE, length=0)
    axes.grid(color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    if frame.strip_top > frame.bottom:
        axes.axhspan(frame.bottom, frame.strip_top, color=theme.grid, alpha=0.45, linewidth=0)
        place = (frame.slowest * 1.06, frame.strip_top - 0.08)
        axes.text(*place, _NOT_MEASURED, color=theme.faint, fontsize=FONT_SIZE, va="top")


def _draw_legend(figure: "Figure", theme: Theme, *, top: float) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=theme.colors[kind], marker=MARKERS[kind], linestyle="", markersize=7, label=text)
        for kind, text in _LEGEND.items()
    ]
    hollow = Line2D([], [], color=theme.faint, marker="s", markerfacecolor="none", linestyle="", markersize=7)
    hollow.set_label("published accuracy")
    figure.legend(
        handles=[*handles, hollow], loc="upper left", bbox_to_anchor=(0.0, top), ncols=4, frameon=False,
        fontsize=FONT_SIZE, labelcolor=theme.text, handletextpad=0.3, columnspacing=1.4,
    )  # fmt: skip
