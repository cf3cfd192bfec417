"""Finds where words end at apostrophes, in many texts at once."""

import enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hf_lstm.encoding.piece_codes import FIRST_ODD, PieceCodes

Codes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

_STEPS = (-3, -2, -1, 1, 2, 3)
"""To the characters on each side that an apostrophe's reading depends on."""


class _Sign(enum.IntFlag):
    """What a character beside an apostrophe may say of it."""

    ODD = enum.auto()
    INSIDE_BEFORE = enum.auto()
    INSIDE_2 = enum.auto()
    INSIDE_3 = enum.auto()
    T = enum.auto()
    ONE_LETTER = enum.auto()
    R_OR_V = enum.auto()
    FIRST_L = enum.auto()
    E = enum.auto()
    SECOND_L = enum.auto()


_INSIDE = {-1: _Sign.INSIDE_BEFORE, 2: _Sign.INSIDE_2, 3: _Sign.INSIDE_3}
_LETTERS = {
    (1, "t"): _Sign.T,
    (1, "smd"): _Sign.ONE_LETTER,
    (1, "rv"): _Sign.R_OR_V,
    (1, "l"): _Sign.FIRST_L,
    (2, "e"): _Sign.E,
    (2, "l"): _Sign.SECOND_L,
}


class Apostrophes(NamedTuple):
    """Holds the places of apostrophes that are read by a rule."""

    known: Places
    """All of them."""
    starts: Places
    """Those that start a word, as in `it's`: others stand inside one, as in `don't`."""
    marks: Places
    """Those that are a mark by themselves, too, as in `'twas`."""


class ApostropheFinder:
    """Finds the apostrophes that `PUNCTUATED_WORD` reads by themselves.

    Others have something odd beside them, such as another apostrophe. One table says what each character beside an
    apostrophe says of it, others what that means: a few calls of NumPy, while which other threads can run.

    Args:
        piece_codes: gives the codes of texts.
    """

    def __init__(self, piece_codes: PieceCodes) -> None:
        self._apostrophe = piece_codes.apostrophe
        signs = np.zeros((len(_STEPS), 256), dtype=np.int64)
        signs[:, FIRST_ODD:] = _Sign.ODD
        for step, sign in _INSIDE.items():
            signs[_STEPS.index(step), piece_codes.num_marks + 1 :] |= sign
        for (step, letters), sign in _LETTERS.items():
            codes = (letters + letters.upper()).encode().translate(piece_codes.table)
            signs[_STEPS.index(step), list(codes)] |= sign
        self._signs = signs.astype(np.uint16).ravel()
        self._steps = np.array(_STEPS)[:, None]
        self._rows = 256 * np.arange(len(_STEPS))[:, None]
        self._is_known, self._is_start, self._is_mark = _read_signs()

    def find(self, codes: Codes) -> Apostrophes:
        """Find the apostrophes of texts.

        Args:
            codes: of the texts, with a blank at the start, and at least three at the end.
        """
        places = np.flatnonzero(codes == self._apostrophe)
        beside = codes.take(places + self._steps, mode="clip")  # before the start there is a blank, too
        signs = np.bitwise_or.reduce(self._signs.take(beside + self._rows, mode="clip"), axis=0)
        return Apostrophes(*(places[table.take(signs)] for table in (self._is_known, self._is_start, self._is_mark)))


def _read_signs() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say of all signs together whether an apostrophe is known, starts a word, and is a mark by itself."""
    seen = np.arange(2 ** len(_Sign))

    def has(signs: _Sign) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = (seen & signs) == signs
        return found

    is_not = has(_Sign.INSIDE_BEFORE | _Sign.T) & ~has(_Sign.INSIDE_2)
    is_ending = has(_Sign.ONE_LETTER) & ~has(_Sign.INSIDE_2)
    is_ending |= (has(_Sign.R_OR_V | _Sign.E) | has(_Sign.FIRST_L | _Sign.SECOND_L)) & ~has(_Sign.INSIDE_3)
    is_known = ~has(_Sign.ODD)
    return is_known, is_known & ~is_not, is_known & ~is_not & ~is_ending
