r"""Train word-level tokenizers whose ids are, exactly, a dictionary lookup of the words that plain Python finds.

`words="word_characters"` means `re.findall(r"\b\w+\b", text)` and `words="whitespace"` means `text.split()`, after
`text.lower()` if the configuration says so. The `tokenizers` library reads characters otherwise in three places, and
the pipeline built here makes up for each:

- its `\w` also takes combining marks and leaves out numbers such as `½`: the pattern is `[\p{L}\p{N}_]+`;
- its `\s` leaves out the separators U+001C to U+001F, which `str.split` splits at: they are named;
- its lower-casing knows no final sigma (`ΟΔΟΣ` is `οδος`, not `οδοσ`): a replacement in front writes it.

What stays different are characters that one side's edition of Unicode lacks. Python 3.11 has Unicode 14; tokenizers
0.23 has Unicode 16 in its patterns and 17 in its lower-casing. Over all code points, this comes to three sets, which
Python 3.11 has all unassigned but for U+1171E, a mark that changed its kind:

- 9,392 word characters for the tokenizer alone: the letters and numbers that came with Unicode 15, 15.1 and 16;
- 55 lower-cased by the tokenizer alone: U+1C89, A7CB, A7CC, A7CE, A7D2, A7D4, A7DA, A7DC, 10D50-10D65, 16EA0-16EB8;
- 180 more that are letters or marks for one side only, which shows next to a capital sigma.

Where they occur, the tokenizer's reading holds.

The special tokens are entries of the vocabulary and not "added tokens", because the library looks for the latter in
the raw text: a review that mentions `<unk>` has the word `unk` in it.
"""

import importlib.resources
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase, Normalizer, Replace
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import PreTokenizer, Split

from hf_lstm.config import TokenizerConfig
from hf_lstm.errors import InputError

PAD_TOKEN = "<pad>"
UNK_TOKEN = "<unk>"
SPECIAL_TOKENS = (PAD_TOKEN, UNK_TOKEN)

Words = Literal["word_characters", "whitespace"]

_WORD_PATTERNS: dict[Words, str] = {"word_characters": r"[\p{L}\p{N}_]+", "whitespace": r"[^\s\x1C-\x1F]+"}

# Final_Sigma of the Unicode standard, section 3.13, as `str.lower` reads it: after a cased letter and before none,
# where case-ignorable characters (apostrophes, accents) don't count.
_CASED = r"[\p{Cased}&&[^\p{Case_Ignorable}]]"
_FINAL_SIGMA = rf"{_CASED}\p{{Case_Ignorable}}*\KΣ(?!\p{{Case_Ignorable}}*{_CASED})"

_ASCII = bytes(range(128))
_SURROGATES = re.compile("[\ud800-\udfff]")
_WORD_CHARACTERS = re.compile(r"\w+")  # the same words as \b\w+\b, as \w+ takes all it can, in less time


def train_tokenizer(texts: Iterable[str], config: TokenizerConfig) -> Tokenizer:
    """Return a word-level tokenizer with the vocabulary of `texts`: `<pad>` 0, `<unk>` 1, then the words in order.

    It truncates and pads nothing; see `hf_lstm.encoding.Encoder` for a faster way to use it.

    Raises:
        InputError: no word is left for the vocabulary.
    """
    splitter = WordSplitter(config.words, config.lowercase)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(splitter.split(text))
    words = _choose_words(counts, config)
    if not words:
        raise InputError(
            f"the training texts have {len(counts)} different words, but none is left for the vocabulary: "
            f"expected words that occur at least {config.min_count} times; give more text or lower tokenizer.min_count"
        )
    vocab = {word: index for index, word in enumerate(itertools.chain(SPECIAL_TOKENS, words))}
    return splitter.build_tokenizer(vocab)


def replace_surrogates(text: str) -> str:
    """Return `text` with lone surrogates, which the `tokenizers` library refuses, as U+FFFD; its length is the same."""
    return text if text.isascii() else _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def load_stop_words() -> frozenset[str]:
    """Return NLTK's 179 English stop words."""
    resource = importlib.resources.files("hf_lstm") / "resources" / "stop_words_english.txt"
    return frozenset(resource.read_text(encoding="utf-8").split())


class WordSplitter:
    """Gives the words that a tokenizer of `train_tokenizer` sees, several times as fast as the tokenizer does.

    The library keeps each word with its alignment to the original text, which takes far longer than to find it. Here
    the words come from Python's string methods instead, wherever those are known to agree with the tokenizer: on
    ASCII, and on text all of whose other characters gave the same words on both sides when first met. The tokenizer's
    own normalizer and pre-tokenizer split the rest.

    Attributes:
        normalizer: of the tokenizer; None where nothing is normalized.
        pre_tokenizer: of the tokenizer.
    """

    def __init__(self, words: Words, lowercase: bool) -> None:
        self._words = words
        self._lowercase = lowercase
        sigma_then_lowercase = NormalizerSequence([Replace(Regex(_FINAL_SIGMA), "ς"), Lowercase()])
        self.normalizer: Normalizer | None = sigma_then_lowercase if lowercase else None
        self.pre_tokenizer: PreTokenizer = Split(Regex(_WORD_PATTERNS[words]), "removed", invert=True)  # keeps matches
        self._ascii_table = _build_ascii_table(lowercase)
        self._read_alike: dict[str, bool] = {}  # by character; filled as characters are met

    def split(self, text: str, max_words: int = sys.maxsize) -> list[str]:
        """Return the first `max_words` words of `text`."""
        if text.isascii():
            return self._split_ascii(text, max_words)
        split = self._split_by_python if self._is_read_alike(text) else self._split_by_tokenizer
        return split(text)[:max_words]

    def build_tokenizer(self, vocab: dict[str, int]) -> Tokenizer:
        """Return the tokenizer that splits likewise and looks the words up in `vocab`."""
        tokenizer = Tokenizer(WordLevel(vocab, unk_token=UNK_TOKEN))
        if self.normalizer is not None:
            tokenizer.normalizer = self.normalizer
        tokenizer.pre_tokenizer = self.pre_tokenizer
        return tokenizer

    def _split_ascii(self, text: str, max_words: int) -> list[str]:
        if self._words == "word_characters":
            # Blanking the separators and splitting at blanks takes half the time of a regular expression.
            text = text.encode("ascii").translate(self._ascii_table).decode("ascii")
        elif self._lowercase:
            text = text.lower()
        return text.split(None, max_words)[:max_words]  # after so many splits, the rest comes as one piece

    def _split_by_python(self, text: str) -> list[str]:
        if self._lowercase:
            text = text.lower()
        return _WORD_CHARACTERS.findall(text) if self._words == "word_characters" else text.split()

    def _split_by_tokenizer(self, text: str) -> list[str]:
        text = replace_surrogates(text)
        if self.normalizer is not None:
            text = self.normalizer.normalize_str(text)
        return [word for word, _ in self.pre_tokenizer.pre_tokenize_str(text)]

    def _is_read_alike(self, text: str) -> bool:
        # Only the other characters of the text are looked at; this way of finding them takes a ninth of set(text).
        others = set(text.encode(errors="surrogatepass").translate(None, _ASCII).decode(errors="surrogatepass"))
        for character in others - self._read_alike.keys():
            self._read_alike[character] = self._is_character_read_alike(character)
        return all(map(self._read_alike.__getitem__, others))

    def _is_character_read_alike(self, character: str) -> bool:
        """Tell whether both sides read `character` alike, alone and as the context of a final sigma.

        Nothing else that is done to a character depends on its neighbors, and for a sigma they are of three kinds:
        letters (a sigma after one is final), characters to look past (a sigma is final if the letter before is), and
        others. Hence three probes say it all.
        """
        probes = f"{character} {character}Σ α{character}Σ"
        return self._split_by_python(probes) == self._split_by_tokenizer(probes)


def find_splitter(tokenizer: Tokenizer) -> WordSplitter | None:
    """Return a splitter that gives the words `tokenizer` looks up, or None if `tokenizer` is of another make.

    Of the right make is what `train_tokenizer` returns, whatever its vocabulary and wherever it was saved.
    """
    if tokenizer.token_to_id(UNK_TOKEN) is None:
        return None
    make = _describe_make(tokenizer)
    for words, lowercase in itertools.product(get_args(Words), (True, False)):
        splitter = WordSplitter(words, lowercase)
        if make == _describe_make(splitter.build_tokenizer({UNK_TOKEN: 0})):
            return splitter
    return None


def _describe_make(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return all that decides about ids but the vocabulary."""
    make: dict[str, Any] = json.loads(tokenizer.to_str())
    make["model"].pop("vocab", None)
    return make


def _build_ascii_table(lowercase: bool) -> bytes:
    """Return the table for `bytes.translate` that keeps ASCII word characters and blanks all others."""
    kept = "".join(char if _WORD_CHARACTERS.match(char) else " " for char in map(chr, range(128)))
    return (kept.lower() if lowercase else kept).encode("ascii").ljust(256)


def _choose_words(counts: Counter[str], config: TokenizerConfig) -> Sequence[str]:
    """Return the words that get an id of their own, in the order of their ids."""
    excluded = {*SPECIAL_TOKENS, *(load_stop_words() if config.exclude_stop_words else ())}
    words = [word for word, count in counts.items() if count >= config.min_count and word not in excluded]
    words.sort(key=lambda word: (-counts[word], word))
    words = words[: config.max_words]
    return sorted(words) if config.order == "alphabetical" else words
