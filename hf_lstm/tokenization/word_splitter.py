"""Splits texts into exactly the words of `tokenizers`, but faster."""

import itertools
import json
import re
import string
import sys
from collections.abc import Collection
from typing import Any, get_args

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Normalizer
from tokenizers.pre_tokenizers import PreTokenizer

from hf_lstm.tokenization.older_patterns import NEWEST, PARTS, Edition
from hf_lstm.tokenization.stop_words import LEFT_OUT
from hf_lstm.tokenization.word_patterns import (
    MAX_IGNORED,
    OF_SEVERAL_KINDS,
    PUNCTUATED_WORD,
    STRAIGHT_MARKS,
    TAG,
    Words,
    replace_surrogates,
)

PAD_TOKEN = "<pad>"
UNK_TOKEN = "<unk>"
SPECIAL_TOKENS = (PAD_TOKEN, UNK_TOKEN)
"""Entries of the vocabulary and not "added tokens", because the library looks for the latter in the raw text: a review
that mentions `<unk>` has the word `unk` in it."""

_ASCII = bytes(range(128))
# \w+ gives the same words as \b\w+\b, as it takes all it can, in less time.
_FIND: dict[Words, re.Pattern[str]] = {
    "word_characters": re.compile(r"\w+"),
    "letters": re.compile(r"[^\W\d]+"),
    "punctuated": re.compile(PUNCTUATED_WORD),
    "any_script": re.compile(r"\w+"),  # of texts in which this finds the same, see `_is_character_read_alike`
}
_TAG = re.compile(TAG)
# All that is case-ignorable is neither white space nor a letter of these; more than that does no harm.
_FAR_SIGMA = re.compile(rf"[^\s0-9A-Za-zΑ-Ωα-ω]{{{MAX_IGNORED + 1}}}Σ")
_PUNCTUATION_TO_NOTHING = dict.fromkeys(map(ord, string.punctuation))


class WordSplitter:
    """Splits texts into words, several times as fast as the tokenizer.

    The words are those of the tokenizer that `build_tokenizer` gives. The library keeps each word with its alignment
    to the original text, which takes far longer than to find it. Here the words come from Python's string methods,
    wherever these are known to agree with the tokenizer. That is on ASCII, and on text of which each other character
    gave the same words on both sides when first met. The tokenizer's own normalizer and pre-tokenizer split the rest.

    Args:
        words: how words are found.
        lowercase: whether the text is lower-cased first.
        dropped: words to leave out.
        kept: the only words not to leave out, whatever is `dropped`; by default all.
        edition: of the tokenizer's patterns, see `older_patterns`.

    Attributes:
        words: how words are found.
        lowercase: whether the text is lower-cased first.
        dropped: words to leave out.
        edition: of the tokenizer's patterns, see `older_patterns`.
        keeps_unknown: whether words are kept that nobody named.
        normalizer: of the tokenizer; None where nothing is normalized.
        pre_tokenizer: of the tokenizer.
    """

    def __init__(
        self,
        words: Words,
        lowercase: bool,
        *,
        dropped: Collection[str] = (),
        kept: Collection[str] | None = None,
        edition: Edition = NEWEST,
    ) -> None:
        self.words = words
        self.lowercase = lowercase
        self.dropped = frozenset(dropped)
        self._kept = None if kept is None else frozenset(kept)
        self.keeps_unknown = kept is None
        self.edition = edition
        normalize, cut = PARTS[edition]
        self.normalizer: Normalizer | None = normalize(words, lowercase)
        self.pre_tokenizer: PreTokenizer = cut(words, dropped=dropped, kept=kept)
        self._all_words_pre_tokenizer = cut(words)
        self._ascii_table = _build_ascii_table(words, lowercase)
        self._ascii_deleted = string.punctuation.encode() if words == "unpunctuated" else b""
        self._read_alike: dict[str, bool] = {}  # by character; filled as characters are met

    def split(self, text: str, max_words: int = sys.maxsize) -> list[str]:
        """Split a text, and return its first `max_words` words."""
        if self._kept is None and not self.dropped:
            return self.split_all(text, max_words)
        words = self.split_all(text)
        if self._kept is not None:
            return list(filter(self._kept.__contains__, words))[:max_words]
        return list(itertools.filterfalse(self.dropped.__contains__, words))[:max_words]

    def keeps(self, word: str) -> bool:
        """Return whether a word that is found is not left out."""
        return word not in self.dropped if self._kept is None else word in self._kept

    def build_tokenizer(self, vocab: dict[str, int]) -> Tokenizer:
        """Build a tokenizer that splits alike, and looks words up in `vocab`."""
        tokenizer = Tokenizer(WordLevel(vocab, unk_token=UNK_TOKEN))
        if self.normalizer is not None:
            tokenizer.normalizer = self.normalizer
        tokenizer.pre_tokenizer = self.pre_tokenizer
        return tokenizer

    def split_all(self, text: str, max_words: int = sys.maxsize) -> list[str]:
        """Split a text as `split` does, but leave no word out."""
        if text.isascii():
            return self._split_ascii(text, max_words)
        if self._is_read_alike(text) and not (self.lowercase and _has_far_sigma(text)):
            return self._split_by_python(text)[:max_words]
        return self._split_by_tokenizer(text)[:max_words]

    def _split_ascii(self, text: str, max_words: int) -> list[str]:
        if self.words == "punctuated":
            return self._split_by_python(text)[:max_words]
        if self.words != "whitespace":
            # Blanking the separators and splitting at blanks takes half the time of a regular expression.
            text = text.encode("ascii").translate(self._ascii_table, self._ascii_deleted).decode("ascii")
        elif self.lowercase:
            text = text.lower()
        return text.split(None, max_words)[:max_words]  # after so many splits, the rest comes as one piece

    def _split_by_python(self, text: str) -> list[str]:
        if self.words == "punctuated":
            if "<" in text:
                text = _TAG.sub(" ", text)
            if self.edition >= 3 and not text.isascii():
                text = text.translate(STRAIGHT_MARKS)
        if self.lowercase:
            text = text.lower()
        if self.words in _FIND:
            return _FIND[self.words].findall(text)
        if self.words == "unpunctuated":
            text = text.translate(_PUNCTUATION_TO_NOTHING)
        return text.split()

    def _split_by_tokenizer(self, text: str) -> list[str]:
        text = replace_surrogates(text)
        if self.normalizer is not None:
            text = self.normalizer.normalize_str(text)
        return [word for word, _ in self._all_words_pre_tokenizer.pre_tokenize_str(text)]

    def _is_read_alike(self, text: str) -> bool:
        # Only the other characters of the text are looked at; this way of finding them takes a ninth of set(text).
        others = set(text.encode(errors="surrogatepass").translate(None, _ASCII).decode(errors="surrogatepass"))
        for character in others - self._read_alike.keys():
            self._read_alike[character] = self._is_character_read_alike(character)
        return all(map(self._read_alike.__getitem__, others))

    def _is_character_read_alike(self, character: str) -> bool:
        """Check whether Python and the tokenizer read a character alike.

        It is read alone, and as the context of a final sigma: nothing else depends on a character's neighbors. For a
        sigma, these are of three kinds: letters (a sigma after one is final), characters to look past (a sigma is
        final if the letter before is), and others. Hence three probes say it all.
        """
        probes = f"{character} {character}Σ α{character}Σ"
        return self._split_by_python(probes) == self._split_by_tokenizer(probes)


def find_splitter(tokenizer: Tokenizer) -> WordSplitter | None:
    """Find the splitter of a tokenizer's words; None without one.

    There is one for each tokenizer of `WordSplitter.build_tokenizer`, saved or not, if its splitter leaves out no
    words, the stop words, or those without an id.
    """
    if not isinstance(tokenizer.model, WordLevel) or tokenizer.token_to_id(UNK_TOKEN) is None:
        return None
    make = _describe_make(tokenizer)
    alike: list[WordSplitter] = []
    for edition, words, lowercase in itertools.product(PARTS, get_args(Words), (True, False)):
        splitter = WordSplitter(words, lowercase, edition=edition)
        unfiltered = _describe_make(splitter.build_tokenizer({UNK_TOKEN: 0}))
        if make == unfiltered:
            return splitter
        if make["normalizer"] == unfiltered["normalizer"]:
            alike.append(splitter)
    # Last those that leave words out, as patterns of many words, and most of all of a vocabulary, take time to write.
    known_words = set(tokenizer.get_vocab()) - set(SPECIAL_TOKENS)
    filters: list[dict[str, Any]] = [*({"dropped": load()} for load in LEFT_OUT.values()), {"kept": known_words}]
    for words_left_out, each in itertools.product(filters, alike):
        if "kept" in words_left_out and not _can_keep(each, known_words):
            continue
        splitter = WordSplitter(each.words, each.lowercase, edition=each.edition, **words_left_out)
        if make == _describe_make(splitter.build_tokenizer({UNK_TOKEN: 0})):
            return splitter
    return None


def _can_keep(splitter: WordSplitter, words: Collection[str]) -> bool:
    """Tell whether a splitter could have found these words, and have left out all others."""
    return splitter.words not in OF_SEVERAL_KINDS and all(splitter.split_all(word) == [word] for word in words)


def _describe_make(tokenizer: Tokenizer) -> dict[str, Any]:
    """Describe a tokenizer without its vocabulary, to compare it."""
    make: dict[str, Any] = json.loads(tokenizer.to_str())
    make["model"].pop("vocab", None)
    return make


def _has_far_sigma(text: str) -> bool:
    """Tell whether a capital sigma may follow more than `MAX_IGNORED` characters that are no letters."""
    return "Σ" in text and _FAR_SIGMA.search(text) is not None


def _build_ascii_table(words: Words, lowercase: bool) -> bytes:
    """Build a table for `bytes.translate` to blank separators of words.

    It keeps the ASCII characters of words, in lower case if asked.
    """
    is_kept = _FIND[words].match if words in _FIND else lambda char: not char.isspace()
    kept = "".join(char if is_kept(char) else " " for char in map(chr, range(128)))
    return (kept.lower() if lowercase else kept).encode("ascii").ljust(256)
