"""Tells figures apart by what they draw, whatever version of matplotlib drew them."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DECIMALS = 6


def hash_drawing(figure: "Figure") -> str:
    """Hash the words, numbers and colors that a figure shows: 64 hex digits.

    Where these stand on the page, and which ticks matplotlib chooses, does not count.
    """
    drawn = {
        "inches": _round(figure.get_size_inches()),
        "legends": [[text.get_text() for text in legend.get_texts()] for legend in figure.legends],
        "axes": [_describe_axes(axes) for axes in figure.axes],
    }
    return hashlib.sha256(json.dumps(drawn, sort_keys=True).encode()).hexdigest()


def _describe_axes(axes: "Axes") -> dict[str, Any]:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_hex
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import FixedLocator

    named = [axis for axis in (axes.xaxis, axes.yaxis) if isinstance(axis.get_major_locator(), FixedLocator)]
    return {
        "words": [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()],
        "ticks": [[label.get_text() for label in axis.get_ticklabels()] for axis in named],
        "lines": [
            [_round(line.get_xydata()), to_hex(line.get_color()), str(line.get_marker()), line.get_linestyle()]
            for line in axes.lines
        ],
        "bars": [
            [_round([bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()]), to_hex(bar.get_facecolor())]
            for bar in axes.patches
            if isinstance(bar, Rectangle)
        ],
        "intervals": [
            _round(segment)
            for collection in axes.collections
            if isinstance(collection, LineCollection)
            for segment in collection.get_segments()
        ],
        "texts": [[text.get_text(), _round(text.get_position())] for text in axes.texts],
        "images": [_round(image.get_array()) for image in axes.images],
    }


def _round(values: Any) -> Any:
    return (np.asarray(values, dtype=float).round(_DECIMALS) + 0.0).tolist()  # without a zero that is negative
