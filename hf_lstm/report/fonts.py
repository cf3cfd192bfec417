"""Fonts for names with characters that matplotlib's own font lacks: installed ones that have them."""

import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable

logger = logging.getLogger(__name__)

_REGULAR_WEIGHT = 400
_MAX_GLYPHS = 2**16
"""Of a TrueType font; one that claims more characters draws placeholders, as matplotlib's font of last resort does."""


def find_font_families(texts: Iterable[str]) -> list[str]:
    """Return the font families to draw `texts` with: matplotlib's own, then as few others as have all they lack.

    What no font has is told, and drawn as boxes.

    Reference: https://matplotlib.org/stable/users/explain/text/fonts.html#font-fallback
    """
    from matplotlib import font_manager, get_cachedir, rcParams  # slow to import, and needed here alone

    families = list(rcParams["font.family"])
    missing = {character for text in texts for character in text if character != "\n"}
    missing -= _read_characters(font_manager.findfont(font_manager.FontProperties()))
    if not missing:
        return families
    found_by_family: defaultdict[str, set[str]] = defaultdict(set)
    for font in font_manager.fontManager.ttflist:
        if font.style == "normal" and font.weight == _REGULAR_WEIGHT:
            found_by_family[font.name] |= missing & _read_characters(font.fname)
    while found_by_family:
        best = max(sorted(found_by_family), key=lambda family: len(found_by_family[family] & missing))
        found = found_by_family.pop(best) & missing
        if not found:
            break
        # Of the files of a family, which may differ in what they have, one is drawn with.
        found &= _read_characters(font_manager.findfont(font_manager.FontProperties(family=[best])))
        if found:
            families.append(best)
            missing -= found
    if missing:
        logger.warning(
            "plots show boxes for %r, which no font has: install one, and remove %s/fontlist-*.json, in which "
            "matplotlib remembers what is installed",
            "".join(sorted(missing)),
            get_cachedir(),
        )
    return families


def _read_characters(path: str) -> set[str]:
    """Return the characters that a font can draw; none if it can't be read, or has but placeholders."""
    from matplotlib import ft2font

    with contextlib.suppress(OSError, RuntimeError):  # the list of fonts may be older than the fonts
        charmap = ft2font.FT2Font(path).get_charmap()
        if len(charmap) <= _MAX_GLYPHS:
            return set(map(chr, charmap))
    return set()
