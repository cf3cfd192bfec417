"""Fonts for names in any script: characters that matplotlib's own font lacks are drawn with an installed one."""

import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable

logger = logging.getLogger(__name__)

_MAX_GLYPHS = 2**16
"""Of a TrueType font; one that claims more characters draws placeholders, as matplotlib's font of last resort does."""


def find_font_families(texts: Iterable[str]) -> list[str]:
    """Return the font families to draw `texts` with: matplotlib's own, then as few others as have all they lack.

    What no font has is told, and drawn as boxes.

    Reference: https://matplotlib.org/stable/users/explain/text/fonts.html#font-fallback
    """
    from matplotlib import font_manager, get_cachedir, rcParams  # slow to import, and needed here alone

    families = list(rcParams["font.family"])
    own = _read_characters(font_manager.findfont(font_manager.FontProperties()))
    missing = {character for text in texts for character in text if character.isprintable()} - own
    if not missing:
        return families
    found_by_family: defaultdict[str, set[str]] = defaultdict(set)
    for font in font_manager.fontManager.ttflist:
        if font.style == "normal":
            found_by_family[font.name] |= missing & _read_characters(font.fname)
    while found_by_family:
        best = max(sorted(found_by_family), key=lambda family: len(found_by_family[family] & missing))
        gained = found_by_family.pop(best) & missing
        if not gained:
            break
        families.append(best)
        missing -= gained
    if missing:
        logger.warning(
            "plots show boxes for %s: no font has them; install one, and remove %s, where matplotlib lists them",
            "".join(sorted(missing)),
            get_cachedir(),
        )
    return families


def _read_characters(path: str) -> set[str]:
    """Return the characters that a font can draw; none if it can't be read, or has bitmaps as colored emoji do."""
    from matplotlib import ft2font

    with contextlib.suppress(OSError, RuntimeError):  # the list of fonts may be older than the fonts
        font = ft2font.FT2Font(path)
        charmap = font.get_charmap()
        if font.scalable and len(charmap) <= _MAX_GLYPHS:
            return set(map(chr, charmap))
    return set()
