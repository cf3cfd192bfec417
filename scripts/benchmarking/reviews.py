"""Loads the reviews to measure on."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hf_lstm.config import DataConfig, TokenizerConfig
from hf_lstm.errors import InputError


@dataclass(frozen=True, kw_only=True)
class LabeledReviews:
    """Holds raw texts with their classes, 0 or 1."""

    texts: list[str]
    labels: list[int]

    def pick(self, size: int) -> "LabeledReviews":
        """Pick `size` random reviews, the same every time.

        If there are fewer, they are all in random order.
        """
        rows = np.random.default_rng(0).permutation(len(self.texts))[:size]
        return LabeledReviews(texts=[self.texts[row] for row in rows], labels=[self.labels[row] for row in rows])


@dataclass(frozen=True, kw_only=True)
class ReviewSplits:
    """Holds the splits of a data set, as `hf_lstm` cuts them."""

    name: str
    train: LabeledReviews
    validation: LabeledReviews
    test: LabeledReviews

    @property
    def train_and_validation(self) -> LabeledReviews:
        """Return all reviews but those of test.

        A model without validation trains on them.
        """
        return LabeledReviews(
            texts=self.train.texts + self.validation.texts, labels=self.train.labels + self.validation.labels
        )


def load_reviews(source: str, data: DataConfig) -> ReviewSplits:
    """Load the splits of `source`, cut as `data` says.

    Raises:
        InputError: the source is unusable, or its reviews are not of two classes.
    """
    # Imported when it is needed: it takes a second, and each contender's process imports this module.
    from hf_lstm.data.loading import load_splits

    splits = load_splits(replace(data, dataset=source))
    names = splits["train"].features["label"].names
    if len(names) != 2:
        raise InputError(f"{source}: has {len(names)} classes, but the benchmark needs two, as in IMDB")
    reviews = {
        split: LabeledReviews(texts=list(rows["text"]), labels=[int(label) for label in rows["label"]])
        for split, rows in splits.items()
    }
    return ReviewSplits(name=Path(source).name, **reviews)  # its path is nobody's business


def find_lowercase_words(text: str) -> list[str]:
    r"""Find the matches of `\b\w+\b` in the lower-cased text."""
    return re.findall(r"\b\w+\b", text.lower())


def split_lowercase(text: str) -> list[str]:
    """Split the lower-cased text at whitespace."""
    return text.lower().split()


def choose_word_finder(config: TokenizerConfig) -> Callable[[str], list[str]]:
    """Choose the function that finds words as a tokenizer does.

    The tokenizer is one of `config`.
    """
    finders: dict[tuple[str, bool], Callable[[str], list[str]]] = {
        ("word_characters", True): find_lowercase_words,
        ("whitespace", True): split_lowercase,
        ("whitespace", False): str.split,
    }
    return finders[config.words, config.lowercase]
