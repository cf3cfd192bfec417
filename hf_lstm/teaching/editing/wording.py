"""Reads tables of words, picks of them, and finishes the sentences made of them."""

import functools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).resolve().parents[2] / "resources" / "short_texts"
_ARTICLE = re.compile(r"\ba(?= (?:[aeio]|un(?!i)))")
_CHOICE = re.compile(r"\[([^\]]*)\]")


def list_tables() -> list[str]:
    """List the names of all tables."""
    return sorted(table.name for table in _FOLDER.iterdir() if table.name.endswith(".txt"))


@functools.cache
def read_lines(name: str) -> tuple[str, ...]:
    """Read the lines of a table of `hf_lstm/resources/short_texts`, but blank ones and comments."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line.strip() and not line.startswith("#"))


def pick(random: np.random.RandomState, choices: Sequence[str]) -> str:
    """Pick one of several at random."""
    return choices[random.randint(len(choices))]


def pick_choices(line: str, random: np.random.RandomState) -> str:
    """Put one of several at random in the place of each `[one/of/several]` of a line."""
    return _CHOICE.sub(lambda match: pick(random, match.group(1).split("/")), line)


def fit_articles(sentence: str) -> str:
    """Write `an` in the place of each `a` before a vowel."""
    return _ARTICLE.sub("an", sentence)


def finish(sentence: str) -> str:
    """Write the first letter of a sentence large."""
    return sentence[0].upper() + sentence[1:]
