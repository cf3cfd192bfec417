"""Finds where words end at apostrophes, in many texts at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hf_lstm.encoding.piece_codes import FIRST_ODD, PieceCodes, mark_bytes

Codes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

_REACH = 3
"""Characters on each side that an apostrophe's reading depends on."""
_ONE_LETTER, _TWO_LETTERS = "smd", (("r", "e"), ("v", "e"), ("l", "l"))


class Apostrophes(NamedTuple):
    """Holds the places of apostrophes that are read by a rule."""

    known: Places
    """All of them."""
    starts: Places
    """Those that start a word, as in `it's`: others stand inside one, as in `don't`."""
    marks: Places
    """Those that are a mark by themselves, too, as in `'twas`."""


def find_apostrophes(codes: Codes, piece_codes: PieceCodes) -> Apostrophes:
    """Find the apostrophes that `PUNCTUATED_WORD` reads by themselves.

    Others have something odd beside them, such as another apostrophe.

    Args:
        codes: of texts, with at least `_REACH` blanks at their end.
        piece_codes: gave them.
    """
    places = np.flatnonzero(codes == piece_codes.apostrophe)
    beside = {step: codes[places + step] for step in range(-_REACH, _REACH + 1) if step}
    is_known = np.logical_and.reduce([codes_there < FIRST_ODD for codes_there in beside.values()])
    is_inside = {step: codes_there > piece_codes.num_marks for step, codes_there in beside.items()}

    def reads(step: int, letters: str) -> npt.NDArray[np.bool_]:
        wanted = (letters + letters.upper()).encode().translate(piece_codes.table)
        found: npt.NDArray[np.bool_] = mark_bytes(wanted)[beside[step]]
        return found

    is_not = is_inside[-1] & reads(1, "t") & ~is_inside[2]
    is_ending = reads(1, _ONE_LETTER) & ~is_inside[2]
    for first, second in _TWO_LETTERS:
        is_ending |= reads(1, first) & reads(2, second) & ~is_inside[3]
    return Apostrophes(places[is_known], places[is_known & ~is_not], places[is_known & ~is_not & ~is_ending])
