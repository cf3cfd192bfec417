"""The settings of the tokenizer: how text becomes words, and which words get an id."""

import dataclasses
from typing import Literal

from hf_lstm.config.checks import check_types, require


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
