"""Makes the figures that plots are drawn on, in one style, and writes them.

matplotlib is imported where it is used: it may be missing, and is slow to import.
"""

import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from hf_lstm.extras import is_installed, name_install_command
from hf_lstm.report.plots.drawing import hash_drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter

NO_PLOTS = f"plots are left out, since matplotlib is not installed: {name_install_command('matplotlib')}"
# Colors that people with any color vision can tell apart: Okabe & Ito, Color Universal Design, 2008, https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, PURPLE, RED, SKY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9"
_MAX_DECIMALS = 4
NUM_COLORS = 128
"""They make the files three times as small; smooth letters and color bars need some."""
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
        write_png(figure, path, f"drawing sha256 {hash_drawing(figure)}", dpi=150, facecolor="white")


def write_png(
    figure: "Figure", path: Path | BinaryIO, description: str, *, num_colors: int = NUM_COLORS, **options: Any
) -> None:
    """Write a figure as PNG of few colors, with a description inside; `options` are those of `Figure.savefig`."""
    from PIL import Image, PngImagePlugin  # matplotlib brings it along

    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", **options)
    text = PngImagePlugin.PngInfo()
    text.add_text("Description", description)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(num_colors).save(path, format="PNG", pnginfo=text, optimize=True)


def build_percent_formatter() -> "Formatter":
    """Build the formatter that shows shares on an axis as percent.

    It shows as many decimals as the ticks need.
    """
    from matplotlib.ticker import Formatter

    class PercentFormatter(Formatter):
        def __call__(self, share: float, position: int | None = None) -> str:
            return self.format_ticks([share])[0]

        def format_ticks(self, values: Iterable[float]) -> list[str]:
            percents = 100 * np.asarray(list(values)) + 0.0
            fitting = (n for n in range(_MAX_DECIMALS) if np.allclose(percents, percents.round(n), rtol=0, atol=1e-6))
            decimals = next(fitting, _MAX_DECIMALS)
            return [f"{percent:.{decimals}f} %" for percent in percents]

    return PercentFormatter()


def limit_to_shares(axes: "Axes", *, along: Literal["x", "y"] = "y") -> None:
    """Cut an axis at 0 and at 100 %, beyond which no share is, and draw whole what lies there."""
    low, high = getattr(axes, f"get_{along}lim")()
    getattr(axes, f"set_{along}lim")(max(low, 0), min(high, 1))
    for artist in (*axes.lines, *axes.collections):
        artist.set_clip_on(False)


def style_axes(axes: "Axes") -> None:
    """Leave an axis at the left and one below, and lines at the heights."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=LIGHT_GRAY)
    axes.set_axisbelow(True)
