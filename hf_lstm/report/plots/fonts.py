"""Finds installed fonts for characters that matplotlib's own font lacks."""

import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable

logger = logging.getLogger(__name__)

_REGULAR_WEIGHT = 400
_MAX_GLYPHS = 2**16
"""The most that a TrueType font can have. A font with more characters draws placeholders, as matplotlib's last one."""


def find_font_families(texts: Iterable[str]) -> list[str]:
    """Find the font families to draw `texts` with.

    The first is matplotlib's own. Then come as few others as have all characters that it lacks. Characters that no font
    has are drawn as boxes, and a warning names them.

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
        # A family has several files, which may differ in their characters. This is the one that is drawn with.
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
    """Read which characters a font can draw.

    None, if it can't be read, or only has placeholders.
    """
    from matplotlib import ft2font

    with contextlib.suppress(OSError, RuntimeError):  # the list of fonts may be older than the fonts
        charmap = ft2font.FT2Font(path).get_charmap()
        if len(charmap) <= _MAX_GLYPHS:
            return set(map(chr, charmap))
    return set()
