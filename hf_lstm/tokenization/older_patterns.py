r"""Builds what word tokenizers had for normalizer and pre-tokenizer in earlier editions of this package.

Folders of that time are read with them, to the same ids as ever. New tokenizers have the parts of `word_patterns`:

- edition 1, until JavaScript could read the patterns, too. It finds the same words as edition 2. The only texts that
  the two may read differently have more than `word_patterns.MAX_IGNORED` apostrophes, dots or accents in a row, and
  then a capital sigma;
- edition 2, until curly apostrophes and quotation marks were read as straight ones where words are `punctuated`;
- edition 3, today's.
"""

import copy
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from tokenizers import Regex
from tokenizers.normalizers import Lowercase, Normalizer, Replace, Sequence
from tokenizers.pre_tokenizers import PreTokenizer, Split

from hf_lstm.tokenization.word_patterns import (
    ASCII_PUNCTUATION,
    TAG,
    Words,
    build_normalizer,
    build_pre_tokenizer,
    list_normalizer_steps,
    write_alternatives,
)

Edition = Literal[1, 2, 3]
NEWEST: Edition = 3

_PUNCTUATED = r"{word}+['’][tT](?!{word})|{word}+|['’](?:[sSmMdD]|[rRvV][eE]|[lL][lL])(?!{word})|[^{characters}{blank}]"
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_SPACED = rf"[\p{{L}}\p{{M}}\p{{N}}_&&[^{_UNSPACED}]]"
_ANY_SCRIPT = rf"[{_UNSPACED}&&[\p{{L}}\p{{M}}\p{{N}}]]\p{{M}}*|{_SPACED}+(?:[\x{{200C}}\x{{200D}}]+{_SPACED}+)*"
_NOT_BLANK = r"[^\s\x1C-\x1F]"
_CHARACTERS: dict[Words, str] = {
    "word_characters": r"[\p{L}\p{N}_]",
    "letters": r"[\p{L}\p{Nl}\p{No}_]",
    "whitespace": _NOT_BLANK,
    "unpunctuated": _NOT_BLANK,
    "punctuated": r"[\p{L}\p{N}_]",
    "any_script": r"[\p{L}\p{M}\p{N}_]",
}
_CASED = r"[\p{Cased}&&[^\p{Case_Ignorable}]]"
_FINAL_SIGMA = rf"{_CASED}\p{{Case_Ignorable}}*\KΣ(?!\p{{Case_Ignorable}}*{_CASED})"
_BYTE_PAIR_RUN = r"[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]"


def build_first_normalizer(words: Words, lowercase: bool) -> Normalizer | None:
    """Build the normalizer of a text in edition 1; None if nothing changes."""
    steps: list[Normalizer] = []
    if words == "punctuated":
        steps += [Replace(Regex(TAG), " ")]
    if lowercase:
        steps += [Replace(Regex(_FINAL_SIGMA), "ς"), Lowercase()]
    if words == "unpunctuated":
        steps += [Replace(Regex(ASCII_PUNCTUATION), "")]
    return Sequence(steps) if steps else None


def build_second_normalizer(words: Words, lowercase: bool) -> Normalizer | None:
    """Build the normalizer of a text in edition 2; None if nothing changes."""
    if words != "punctuated":
        return build_normalizer(words, lowercase)
    return Sequence([Replace(Regex(TAG), " "), *list_normalizer_steps("word_characters", lowercase)])


def build_first_pre_tokenizer(
    words: Words, *, dropped: Collection[str] = (), kept: Collection[str] | None = None
) -> PreTokenizer:
    """Build the pre-tokenizer for a text normalized in edition 1, as `word_patterns.build_pre_tokenizer`."""
    characters = _CHARACTERS[words]
    pattern = f"{characters}+"
    if words == "punctuated":
        pattern = _PUNCTUATED.format(word=characters, characters=characters[1:-1], blank=r"\s\x1C-\x1F")
    if words == "any_script":
        pattern = _ANY_SCRIPT
    if kept is not None:
        pattern = f"(?<!{characters}){write_alternatives(kept, escape=re.escape)}(?!{characters})"
    elif dropped:
        left_out = write_alternatives(dropped, escape=re.escape)
        pattern = f"(?<!{characters})(?!{left_out}(?!{characters})){pattern}"
    return Split(Regex(pattern), "removed", invert=True)


PARTS: dict[Edition, tuple[Callable[[Words, bool], Normalizer | None], Callable[..., PreTokenizer]]] = {
    3: (build_normalizer, build_pre_tokenizer),
    2: (build_second_normalizer, build_pre_tokenizer),
    1: (build_first_normalizer, build_first_pre_tokenizer),
}
"""What builds the normalizer and the pre-tokenizer of each edition."""


def age_byte_pairs(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a tokenizer of byte pairs as it was before."""
    aged = copy.deepcopy(dict(described))
    aged["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = _BYTE_PAIR_RUN
    if aged.get("normalizer") is not None:
        aged["normalizer"] = {"type": "Lowercase"}
    return aged
