"""Makes the figures that plots are drawn on, in one style, and writes them.

matplotlib is imported where it is used: it may be missing, and is slow to import.
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hf_lstm.extras import is_installed, name_install_command
from hf_lstm.report.plots.drawing import hash_drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter

NO_PLOTS = f"plots are left out, since matplotlib is not installed: {name_install_command('matplotlib')}"
# Colors that people with any color vision can tell apart: Okabe & Ito, Color Universal Design, 2008, https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, PURPLE, RED, SKY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9"
GRAY, LIGHT_GRAY = "#6b7280", "#e5e7eb"


def can_draw() -> bool:
    """Return whether matplotlib is installed."""
    return is_installed("matplotlib")


def make_figure(width_inches: float, height_inches: float) -> "Figure":
    """Make a figure of a size, whose parts make room for one another."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def save_figure(figure: "Figure", path: Path | BinaryIO) -> None:
    """Write a figure as PNG, with a white background.

    So it can be read on dark pages, too. The file has a hash of what is drawn, by which drawings are compared.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # `find_font_families` warned in one line
        description = f"drawing sha256 {hash_drawing(figure)}"
        figure.savefig(path, dpi=150, facecolor="white", metadata={"Description": description})


def build_percent_formatter() -> "Formatter":
    """Build the formatter that shows shares on an axis as percent.

    It shows as many decimals as the ticks need.
    """
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(xmax=1, symbol=" %")


def style_axes(axes: "Axes") -> None:
    """Leave an axis at the left and one below, and lines at the heights."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=LIGHT_GRAY)
    axes.set_axisbelow(True)
