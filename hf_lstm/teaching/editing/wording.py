"""Picks words of a table, and finishes the sentences made of them."""

from collections.abc import Sequence

import numpy as np


def pick(random: np.random.RandomState, choices: Sequence[str]) -> str:
    """Pick one of several at random."""
    return choices[random.randint(len(choices))]


def finish(sentence: str) -> str:
    """Write the first letter of a sentence large."""
    return sentence[0].upper() + sentence[1:]
