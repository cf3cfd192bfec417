"""What a picture's marks look like: colors on light and dark pages, shapes, and sizes."""

from collections.abc import Mapping
from dataclasses import dataclass

DOTS_PER_INCH = 160
"""Twice the 800 dots that a page gives the 8 inches of a picture."""
FONT_SIZE = 9
MARKERS = {"ours": "o", "neural": "s", "linear": "^"}


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
