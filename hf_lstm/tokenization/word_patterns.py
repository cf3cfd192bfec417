r"""Makes `tokenizers` find exactly Python's words.

It builds the normalizers and patterns for that. The words are these, after `text.lower()` if the configuration says so:

    word_characters  re.findall(r"\b\w+\b", text)
    letters          re.findall(r"[^\W\d]+", text)
    whitespace       text.split()
    unpunctuated     text.translate(dict.fromkeys(map(ord, string.punctuation))).split()
    punctuated       re.findall(PUNCTUATED_WORD, re.sub(TAG, " ", text).translate(STRAIGHT_MARKS))
    any_script       what `_ANY_SCRIPT` finds: Python's `re` knows neither scripts nor marks

A `tokenizer.json` is read by JavaScript's tokenizers, too. So patterns have only what Oniguruma and JavaScript read
alike: no `\K`, no `&&`, no names of scripts, no `\s`, and a backslash only before what needs one.

The `tokenizers` library reads characters otherwise than Python in three places. What is built here makes up for each:

- its `\w` also takes combining marks and leaves out numbers such as `½`: the pattern is `[\p{L}\p{N}_]+`;
- its `\s` leaves out the separators U+001C to U+001F, which `str.split` splits at: all blanks are named;
- its lower-casing knows no final sigma (`ΟΔΟΣ` is `οδος`, not `οδοσ`): a replacement in front writes it. A second one
  writes the other sigmas, as JavaScript's lower-casing knows the final one by itself.

A sigma is final by the cased letter before it, however many apostrophes, dots and accents stand between. Patterns that
look back without a limit would take hours on some texts, so they look past `MAX_IGNORED` of them; after more, a capital
sigma is final in any case, unless a letter follows.

What stays different are characters that one side's edition of Unicode lacks. Python 3.11 has Unicode 14; tokenizers
0.23 has Unicode 16 in its patterns and 17 in its lower-casing. Over all code points, this comes to three sets. In
Python 3.11 they are all unassigned, but for U+1171E, a mark that changed its kind:

- 9,392 word characters for the tokenizer alone: the letters and numbers that came with Unicode 15, 15.1 and 16;
- 55 lower-cased by the tokenizer alone: U+1C89, A7CB, A7CC, A7CE, A7D2, A7D4, A7DA, A7DC, 10D50-10D65, 16EA0-16EB8;
- 180 more that are letters or marks for one side only, which shows next to a capital sigma.

Where they occur, the tokenizer's reading holds.
"""

import itertools
import re
from collections.abc import Callable, Collection, Sequence
from typing import Literal

from tokenizers import Regex
from tokenizers.normalizers import Lowercase, Normalizer, Replace
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import PreTokenizer, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizerSequence

from hf_lstm.tokenization.unspaced import write_ranges

Words = Literal["word_characters", "letters", "whitespace", "unpunctuated", "punctuated", "any_script"]

TAG = r"</?[A-Za-z][^<>]*>"
"""An HTML tag."""

STRAIGHT_MARKS = str.maketrans("‘’´“”", "'" * 3 + '"' * 2)
"""What telephones and word processors write for `'` and `"`, which most texts to learn from have."""

WHITE_SPACE = r"\t-\r\x20\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"
"""What Unicode calls white space, for a class: JavaScript has a set of its own."""
_BLANK = rf"{WHITE_SPACE}\x1C-\x1F"
"""What `str.split` splits at."""
# A word and its n't, or a word, or what English adds to one after an apostrophe, or a single mark.
_PUNCTUATED = r"{word}+['’][tT](?!{word})|{word}+|['’](?:[sSmMdD]|[rRvV][eE]|[lL][lL])(?!{word})|[^{characters}{blank}]"
PUNCTUATED_WORD = _PUNCTUATED.format(word=r"\w", characters=r"\w", blank=r"\s")

# Scripts that set no blanks between words: each character stands alone, with its marks. In others, marks belong to the
# word (vowels of Hindi, for one), and so do joiners inside it.
_UNSPACED = f"[{write_ranges()}]"
_SPACED = rf"(?:(?!{_UNSPACED})[\p{{L}}\p{{M}}\p{{N}}_])"
_ANY_SCRIPT = rf"{_UNSPACED}\p{{M}}*|{_SPACED}+(?:[\u200C\u200D]+{_SPACED}+)*"

_NOT_BLANK = f"[^{_BLANK}]"
_CHARACTERS: dict[Words, str] = {
    "word_characters": r"[\p{L}\p{N}_]",
    "letters": r"[\p{L}\p{Nl}\p{No}_]",
    "whitespace": _NOT_BLANK,
    "unpunctuated": _NOT_BLANK,
    "punctuated": r"[\p{L}\p{N}_]",
    "any_script": r"[\p{L}\p{M}\p{N}_]",
}
"""What words are made of, in the library's regular expressions."""
OF_SEVERAL_KINDS = ("punctuated", "any_script")
"""Words whose pattern has alternatives: what is before and after one does not tell whether it is whole."""

# Final_Sigma of the Unicode standard, section 3.13, as `str.lower` reads it: after a cased letter and before none,
# where case-ignorable characters (apostrophes, accents) don't count.
# What is before is asked for by its contrary, the start of the text or what is neither: all that both libraries can.
MAX_IGNORED = 30
"""How many case-ignorable characters are looked past, to the left of a capital sigma."""
_IGNORED = r"\p{Case_Ignorable}"
_NONE_BEFORE = rf"(?<!(?:^|[^\p{{Cased}}{_IGNORED}]){_IGNORED}{{0,{MAX_IGNORED}}}Σ)"
FINAL_SIGMA = rf"Σ(?!{_IGNORED}*(?!{_IGNORED})\p{{Cased}}){_NONE_BEFORE}"
ASCII_PUNCTUATION = r"[!-/:-@\[-`{-~]"

UNSPACED_RANGES = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x10FFFF),
)
"""The blocks of such scripts, whole: few enough to look a character up in them, here and in the browser. What a word is
goes by `unspaced.RANGES`, which has none of their unassigned code points and signs."""
_SYNTAX = re.compile(r"[\^$\\.*+?()\[\]{}|/]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SHARED_CHARACTERS = 4
"""How long a prefix alternatives may share: with 5,000 words every branch is short by then, and nesting stays flat."""


def replace_surrogates(text: str) -> str:
    """Replace lone surrogates by U+FFFD, which leaves the length as it is.

    The `tokenizers` library refuses them.
    """
    return text if text.isascii() else _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def is_unspaced(character: str) -> bool:
    """Return whether a character is of a script that sets no blanks between words, such as Chinese or Thai."""
    code = ord(character)
    return code >= 0x0E00 and any(first <= code <= last for first, last in UNSPACED_RANGES)


def build_normalizer(words: Words, lowercase: bool) -> Normalizer | None:
    """Build the normalizer of a text; None if nothing changes."""
    steps = list_normalizer_steps(words, lowercase)
    return NormalizerSequence(steps) if steps else None


def list_normalizer_steps(words: Words, lowercase: bool) -> list[Normalizer]:
    """List what the normalizer of a text does, in this order."""
    steps: list[Normalizer] = []
    if words == "punctuated":
        steps += [Replace(Regex(TAG), " "), Replace(Regex("[‘’´]"), "'"), Replace(Regex("[“”]"), '"')]
    if lowercase:
        steps += [Replace(Regex(FINAL_SIGMA), "ς"), Replace("Σ", "σ"), Lowercase()]
    if words == "unpunctuated":
        steps += [Replace(Regex(ASCII_PUNCTUATION), "")]
    return steps


def build_pre_tokenizer(
    words: Words, *, dropped: Collection[str] = (), kept: Collection[str] | None = None
) -> PreTokenizer:
    """Build the pre-tokenizer for a normalized text.

    It finds all words but those `dropped`, or none but those `kept`, which words `punctuated` and of `any_script`
    can't be.
    """
    characters = _CHARACTERS[words]
    pattern = f"{characters}+"
    if words == "punctuated":
        pattern = _PUNCTUATED.format(word=characters, characters=characters[1:-1], blank=_BLANK)
    if words == "any_script":
        pattern = _ANY_SCRIPT
    if kept is not None:
        pattern = f"(?<!{characters}){write_alternatives(kept)}(?!{characters})"
    elif dropped and words in OF_SEVERAL_KINDS:
        # What is no match for being dropped could still be one from its second letter on, so words are found first.
        left_out = Split(Regex(f"^{write_alternatives(dropped)}$"), "removed")
        return PreTokenizerSequence([_find(pattern), left_out])
    elif dropped:
        pattern = f"(?<!{characters})(?!{write_alternatives(dropped)}(?!{characters})){pattern}"
    return _find(pattern)


def _find(pattern: str) -> Split:
    """Find what matches: the rest is removed."""
    return Split(Regex(pattern), "removed", invert=True)


def escape(text: str) -> str:
    """Write a text as a pattern that matches it; `re.escape` also escapes what JavaScript lets nobody escape."""
    return _SYNTAX.sub(r"\\\g<0>", text)


def write_alternatives(words: Collection[str], *, escape: Callable[[str], str] = escape) -> str:
    """Write a pattern for any one of many words.

    They share prefixes, so that thousands of words cost no more than a few.
    """
    return _write_branches(sorted(words), _SHARED_CHARACTERS, escape)


def _write_branches(words: Sequence[str], depth: int, escape: Callable[[str], str]) -> str:
    if depth == 0 or len(words) < 2:
        return f"(?:{'|'.join(map(escape, words))})"
    branches = []
    for first, group in itertools.groupby(words, key=lambda word: word[:1]):
        rest = [word[1:] for word in group]
        branches.append(escape(first) + _write_branches(rest, depth - 1, escape) if first else "")
    return f"(?:{'|'.join(branches)})"
