"""Shortens names of labels and models so that they fit into a plot, and styles them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hf_lstm.report.plots.fonts import find_font_families


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


def style_names(names: Sequence[str]) -> dict[str, Any]:
    """Return the text properties to draw names with.

    Names may be in any script. Their dollar signs are no formulas.
    """
    return {"fontfamily": find_font_families(names), "parse_math": False}
