"""Defines the settings of the tokenizer."""

import dataclasses
from typing import Literal

from hf_lstm.config.checks import check_types, require


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TokenizerConfig:
    """Sets how text becomes words, and which words get an id of their own."""

    words: Literal[
        "word_characters", "letters", "whitespace", "unpunctuated", "punctuated", "any_script", "wordpiece", "bpe"
    ] = "word_characters"
    r"""What counts as a word. `word_characters`: letters, digits and underscores, as `\b\w+\b` finds them. `letters`:
    letters and underscores, as `[^\W\d]+` finds them. `whitespace`: what stands between white space, as `str.split()`
    finds it. `unpunctuated`: the same without ASCII punctuation. `punctuated`: the words of `word_characters`, and each
    mark between them, after HTML is removed and curly apostrophes and quotation marks are made straight; `don't` is one
    word, `it's` two. `any_script`: words with their vowel signs and accents, and each character of scripts that set no
    blanks, such as Chinese, Japanese and Thai; the default recipe chooses it by itself where train needs it.
    `wordpiece`: pieces of words, as BERT cuts them, after HTML and all characters but letters, `!` and `?` are removed.
    `bpe`: pieces of any script, learned from train as byte pairs, so that nothing is unknown; good for languages with
    many endings, and the default recipe chooses it by itself where most of train is of scripts that set no blanks."""
    lowercase: bool = True
    """Lower-case the text first, as Python's `str.lower` does."""
    stop_words: Literal["keep", "unknown", "drop", "drop_plain"] = "keep"
    """What happens to common words such as `the`, NLTK's 179 English stop words. `keep` treats them like other words.
    `unknown` gives them no id, so the model reads `<unk>` in their place. `drop` removes them. `drop_plain` removes
    the few that say least, and are a quarter of an English text: `a`, `an`, `the`, `and`, `in`, `of`, `to`, full stops,
    commas, semicolons, dashes and quotation marks."""
    unknown_words: Literal["mark", "drop"] = "mark"
    """What happens to words without an id. `mark` puts `<unk>` in their place. `drop` removes them."""
    vocab: str | None = None
    """Only with `words=wordpiece`: a file `vocab.txt`, or a Hub model that has one. `none` learns pieces from train."""
    min_count: int = 1
    """A word must occur this often in train to get an id."""
    max_words: int | None = None
    """Only this many words (or pieces) get an id, the most frequent ones. `<pad>` and `<unk>` are not counted. `none`
    sets no limit, but 30,520 for pieces of BERT's kind, and 30,000 for byte pairs."""
    order: Literal["alphabetical", "frequency"] = "frequency"
    """The order in which words get their ids, from 2 on. Words of equal frequency are in alphabetical order."""

    def __post_init__(self) -> None:
        check_types(self, "tokenizer")
        require(self.min_count >= 1, "tokenizer.min_count", self.min_count, ">= 1")
        require(self.max_words is None or self.max_words >= 1, "tokenizer.max_words", self.max_words, "none or >= 1")
        if self.words == "wordpiece":
            require(self.lowercase, "tokenizer.lowercase", False, "true with tokenizer.words=wordpiece")
            is_known = self.stop_words in ("keep", "drop")
            require(is_known, "tokenizer.stop_words", self.stop_words, "keep or drop with wordpiece")
            require(self.unknown_words == "mark", "tokenizer.unknown_words", "drop", "mark with wordpiece")
        else:
            if self.words == "bpe":
                require(self.stop_words == "keep", "tokenizer.stop_words", self.stop_words, "keep with bpe")
            if self.words in ("punctuated", "any_script", "bpe"):
                require(self.unknown_words == "mark", "tokenizer.unknown_words", "drop", f"mark with {self.words}")
            require(self.vocab is None, "tokenizer.vocab", self.vocab, "none, unless tokenizer.words=wordpiece")
