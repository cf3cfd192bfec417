"""Draws parts of texts: runs of one to three sentences, and random halves."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MAX_SENTENCES = 3
_MIN_THINNED = 4
"""Sentences of a text, for a half of them to be another text, and no crop."""
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+|(?:<br\s*/?>\s*)+")
"""A mark and a blank, a full stop that needs no blank, or the end of a line."""


def split_sentences(text: str) -> list[str]:
    """Split a text into its sentences, about; blank ones are left out.

    Abbreviations end sentences, too: for crops it does not matter.
    """
    return [sentence for sentence in _SENTENCE_ENDS.split(text) if sentence.strip()]


def draw_crops(texts: Sequence[str], crops_per_text: int, *, seed: int) -> tuple[list[str], NDArray[np.int64]]:
    """Draw crops of one to three sentences of each text, at random.

    Returns the crops, and the row of the text of each. A text of a single sentence has none: it is its own crop.
    """
    random = np.random.RandomState(seed)
    crops: list[str] = []
    rows: list[int] = []
    for row, text in enumerate(texts if crops_per_text else ()):
        sentences = split_sentences(text)
        if len(sentences) < 2:
            continue
        for _ in range(crops_per_text):
            size = random.randint(1, min(_MAX_SENTENCES, len(sentences) - 1) + 1)
            start = random.randint(0, len(sentences) - size + 1)
            crops.append(" ".join(sentences[start : start + size]))
            rows.append(row)
    return crops, np.array(rows, dtype=np.int64)


def thin_texts(texts: Sequence[str], thinned_per_text: int, *, seed: int) -> tuple[list[str], NDArray[np.int64]]:
    """Draw half of the sentences of each text at random, in their order.

    Returns the thinned texts, and the row of the text of each. A text of few sentences has none.
    """
    random = np.random.RandomState(seed)
    thinned: list[str] = []
    rows: list[int] = []
    for row, text in enumerate(texts if thinned_per_text else ()):
        sentences = split_sentences(text)
        if len(sentences) < _MIN_THINNED:
            continue
        for _ in range(thinned_per_text):
            kept = np.sort(random.permutation(len(sentences))[: (len(sentences) + 1) // 2])
            thinned.append(" ".join(sentences[place] for place in kept))
            rows.append(row)
    return thinned, np.array(rows, dtype=np.int64)
