"""Recipes as data: frozen dataclasses that validate themselves where they are built."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from hf_lstm.model_config import ModelConfig
from hf_lstm.setting_checks import check_types, require
from hf_lstm.train_config import TrainConfig

__all__ = ["DataConfig", "ModelConfig", "Recipe", "TokenizerConfig", "TrainConfig"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DataConfig:
    """Which rows are used, and how they become train, validation and test."""

    dataset: str = "stanfordnlp/imdb"
    """Hub id, folder, file, or `sample`."""
    split: Literal["official", "pooled", "pooled_test_first"] = "official"
    """`official`: the data set's own splits, validation taken from train where there is none.
    `pooled`: all labeled rows (train, then validation, then test) permuted and cut anew into train, validation, test.
    `pooled_test_first`: into test, train, validation, as scikit-learn's `train_test_split` cuts."""
    train_fraction: float = 0.7
    """Share of the pooled rows that become train; unused with `official`."""
    validation_fraction: float = 0.2
    """Share of train (`official`) or of the pooled rows that becomes validation."""
    split_seed: int = 0
    """Seed of `numpy.random.RandomState(split_seed).permutation(n)`, which orders the rows."""

    def __post_init__(self) -> None:
        check_types(self, "data")
        require(0 < self.validation_fraction < 1, "data.validation_fraction", self.validation_fraction, "0 < x < 1")
        require(0 < self.train_fraction < 1, "data.train_fraction", self.train_fraction, "0 < x < 1")
        require(0 <= self.split_seed < 2**32, "data.split_seed", self.split_seed, "0 <= x < 2**32")
        if self.split != "official":
            total = self.train_fraction + self.validation_fraction
            require(total < 1, "data.train_fraction + data.validation_fraction", total, "less than 1: test needs rows")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TokenizerConfig:
    """How text becomes words, and which words get an id of their own."""

    words: Literal["word_characters", "letters", "whitespace", "unpunctuated", "wordpiece"] = "word_characters"
    r"""`word_characters`: the matches of `\b\w+\b`; `letters`: of `[^\W\d]+`; `whitespace`: what `str.split()` gives;
    `unpunctuated`: the same without ASCII punctuation; `wordpiece`: BERT's pieces of clean text: `wordpiece.py`."""
    lowercase: bool = True
    """Lower-case the text as Python's `str.lower` does."""
    stop_words: Literal["keep", "unknown", "drop"] = "keep"
    """NLTK's 179 English stop words: `unknown` gives them no id, so that they stay in the sequence as `<unk>`; `drop`
    leaves them out of the sequence."""
    unknown_words: Literal["mark", "drop"] = "mark"
    """Words without an id: `mark` puts `<unk>` in their place, `drop` leaves them out of the sequence."""
    vocab: str | None = None
    """Of `wordpiece`: a `vocab.txt`, or a Hub model that has one; `none` learns the pieces from train."""
    min_count: int = 1
    """Words that occur less often in train become `<unk>`."""
    max_words: int | None = None
    """At most this many words (or pieces), the most frequent; `<pad>` and `<unk>` come on top."""
    order: Literal["alphabetical", "frequency"] = "frequency"
    """How ids are given out from 2 on; equal frequencies are ordered alphabetically."""

    def __post_init__(self) -> None:
        check_types(self, "tokenizer")
        require(self.min_count >= 1, "tokenizer.min_count", self.min_count, ">= 1")
        require(self.max_words is None or self.max_words >= 1, "tokenizer.max_words", self.max_words, "none or >= 1")
        if self.words == "wordpiece":
            require(self.lowercase, "tokenizer.lowercase", False, "true with tokenizer.words=wordpiece")
            require(self.stop_words != "unknown", "tokenizer.stop_words", "unknown", "keep or drop with wordpiece")
            require(self.unknown_words == "mark", "tokenizer.unknown_words", "drop", "mark with wordpiece")
        else:
            require(self.vocab is None, "tokenizer.vocab", self.vocab, "none, unless tokenizer.words=wordpiece")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A complete run: data, tokenizer, model and training, with where it comes from and what was published."""

    name: str
    description: str
    """One line for `--help`."""
    source: str
    """Who published the system, and where."""
    published: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """The published figures, by name; accuracies in percent."""
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = dataclasses.field(default_factory=TokenizerConfig)
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-able nested dicts."""
        return dataclasses.asdict(self)
