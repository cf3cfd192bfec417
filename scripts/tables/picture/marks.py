"""Draw contenders: their markers, lines and names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarking.sections import text_to_label as names
from tables.picture.label_places import Box, Label, place_labels
from tables.picture.themes import DOTS_PER_INCH, FONT_SIZE, MARKERS, Theme
from tables.speed.contenders import Contender

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

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
_FAR_POINTS = 22
"""From a marker to its label: from here on, a line joins them."""


@dataclass(frozen=True)
class Spot:
    """A contender and where its marker stands."""

    contender: Contender
    speed: float
    height: float


def draw_marker(axes: "Axes", spot: Spot, theme: Theme) -> "Line2D":
    """Draw a marker, hollow where nobody measured the accuracy here."""
    color = theme.colors[spot.contender.kind]
    is_hollow = spot.contender.note == "published" or spot.contender.accuracy is None
    (marker,) = axes.plot([spot.speed], [spot.height], marker=MARKERS[spot.contender.kind], linestyle="", zorder=3)
    marker.set_markersize(9)
    marker.set_markerfacecolor(theme.page if is_hollow else color)
    marker.set_markeredgecolor(color if is_hollow else theme.page)
    marker.set_markeredgewidth(1.8 if is_hollow else 1.0)
    return marker


def draw_untimed(axes: "Axes", contender: Contender, accuracy: float, theme: Theme) -> None:
    """Draw a line at the accuracy of what has no speed yet, and its name above it."""
    color = theme.colors[contender.kind]
    axes.axhline(accuracy, color=color, linestyle=":", linewidth=1.2, zorder=1)
    words = f"{_name(contender)}: {accuracy:.1f} %, not timed yet"
    axes.annotate(
        words, (0.99, accuracy), xycoords=("axes fraction", "data"), xytext=(0, 2.5), textcoords="offset points",
        ha="right", va="bottom", color=color, fontsize=FONT_SIZE,
    )  # fmt: skip


def draw_labels(axes: "Axes", spots: Sequence[Spot], taken: Sequence[Box], theme: Theme) -> None:
    """Write each contender's name and accuracy where it is free beside its marker."""
    texts = [_write_label(axes, spot, theme) for spot in spots]
    labels = []
    for spot, text in zip(spots, texts, strict=True):
        x, y = axes.transData.transform((spot.speed, spot.height))
        box = find_box(text)
        labels.append(Label(x, y, box.x1 - box.x0, box.y1 - box.y0))
    dots_per_point = DOTS_PER_INCH / 72
    places = place_labels(labels, taken, find_box(axes), dots_per_point)
    for spot, text, label, place in zip(spots, texts, labels, places, strict=True):
        text.set_position((place.right, place.up))
        text.set_horizontalalignment("left" if place.right > 0 else "right" if place.right < 0 else "center")
        text.set_verticalalignment("bottom" if place.up > 0 else "top" if place.up < 0 else "center")
        if math.hypot(place.right, place.up) > _FAR_POINTS:
            end = label.x + place.right * dots_per_point, label.y + place.up * dots_per_point
            speed, height = axes.transData.inverted().transform(end)
            axes.plot([spot.speed, speed], [spot.height, height], color=theme.faint, linewidth=0.7, zorder=2)


def _write_label(axes: "Axes", spot: Spot, theme: Theme) -> "Annotation":
    from matplotlib.patheffects import withStroke

    contender, words = spot.contender, _name(spot.contender)
    if contender.accuracy is not None:
        words += f"\n{contender.accuracy:.1f} %{', ' if contender.note else ''}{contender.note}"
    text = axes.annotate(
        words, (spot.speed, spot.height), xytext=(0, 0), textcoords="offset points", color=theme.text,
        fontsize=FONT_SIZE, linespacing=1.15, zorder=4,
    )  # fmt: skip
    if contender.accuracy is not None:  # lines of the grid end before the letters
        text.set_path_effects([withStroke(linewidth=3, foreground=theme.page)])
    return text


def find_box(drawn: "Artist") -> Box:
    """Return the dots that something takes that was drawn."""
    return Box(*drawn.get_window_extent().extents)


def _name(contender: Contender) -> str:
    return _LABELS.get(contender.name, contender.name)
