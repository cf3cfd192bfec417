"""Encode texts into flat arrays of ids: exactly the tokenizer's ids, in a fraction of its time."""

import copy
import dataclasses
import itertools
import operator
import sys
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from hf_lstm.errors import InputError
from hf_lstm.tokenization.word_patterns import replace_surrogates
from hf_lstm.tokenization.word_splitter import UNK_TOKEN, find_splitter

T = TypeVar("T")
Truncation = Literal["first", "last", "head_tail"]

_CHUNK_SIZE_TEXTS = 256  # bounds the memory of the library's results, which are many times the size of the ids


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class EncodedTexts:
    """The ids of many texts, end to end in one array: row `i` is `input_ids[offsets[i]:offsets[i + 1]]`."""

    input_ids: npt.NDArray[np.int32]
    """(total_tokens,)"""
    offsets: npt.NDArray[np.int64]
    """(num_texts + 1,), from 0 to total_tokens"""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> npt.NDArray[np.int32]:
        index = range(len(self))[index]  # counts from the end below 0, and raises IndexError
        return self.input_ids[self.offsets[index] : self.offsets[index + 1]]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text, (num_texts,)."""
        return np.diff(self.offsets)


class Token(NamedTuple):
    """A token and where it stands: it was made of `text[start:end]`, as was the word that it is a piece of."""

    id: int
    word_index: int | None
    """Pieces of one word share it; None for what the tokenizer counts as no word."""
    start: int
    end: int


def truncate(tokens: list[T], max_length_tokens: int, truncation: Truncation) -> list[T]:
    """Return at most `max_length_tokens` of `tokens`: the first, the last, or both ends, the odd one from the head."""
    if len(tokens) <= max_length_tokens or truncation == "first":
        return tokens[:max_length_tokens]
    num_last = max_length_tokens if truncation == "last" else max_length_tokens // 2
    return tokens[: max_length_tokens - num_last] + tokens[len(tokens) - num_last :]


class Encoder:
    """Encodes with a tokenizer that is complete: what is changed in it later may or may not be seen.

    The ids of a text are `tokenizer.encode(text, add_special_tokens=False).ids`, truncated, with U+FFFD for lone
    surrogates; padding and truncation that the tokenizer may have stored are ignored. Word-level tokenizers of
    `train_tokenizer` are replaced by a dictionary lookup of the words a `WordSplitter` gives, all others are asked.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        if tokenizer.padding is not None or tokenizer.truncation is not None:
            tokenizer = copy.deepcopy(tokenizer)
            tokenizer.no_padding()
            tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._splitter = find_splitter(tokenizer)
        # In the order of the ids, which is often by frequency, look-ups find more of the dictionary in the cache.
        self._vocab = dict(sorted(tokenizer.get_vocab().items(), key=operator.itemgetter(1)))
        self._unk_token_id = self._vocab.get(UNK_TOKEN, -1)

    def encode(self, texts: Sequence[str], *, max_length_tokens: int, truncation: Truncation = "first") -> EncodedTexts:
        """Return the ids of each text, of longer ones `max_length_tokens`: see `truncate`.

        Raises:
            InputError: one of `texts` is not a string, or `texts` itself is one.
        """
        _check_texts(texts)
        if self._splitter is not None:
            num_read = max_length_tokens if truncation == "first" else sys.maxsize  # no more words than need be
            words = (self._splitter.split(text, num_read) for text in texts)
            rows = [self._look_up(truncate(row, max_length_tokens, truncation)) for row in words]
        else:
            kept = (truncate(ids, max_length_tokens, truncation) for ids in self._ask_tokenizer(texts))
            rows = [np.array(ids, dtype=np.int32) for ids in kept]
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        nothing = np.empty(0, dtype=np.int32)  # for no texts
        return EncodedTexts(np.concatenate([nothing, *rows]), np.concatenate([[0], np.cumsum(lengths)]))

    def locate(self, text: str) -> list[Token]:
        """Return the tokens of a text, none of them cut off, with their places in it."""
        encoding = self._tokenizer.encode(replace_surrogates(text), add_special_tokens=False)
        places = zip(encoding.ids, encoding.word_ids, encoding.offsets, strict=True)
        return [Token(token_id, word_index, start, end) for token_id, word_index, (start, end) in places]

    def _look_up(self, words: list[str]) -> npt.NDArray[np.int32]:
        ids = map(self._vocab.get, words, itertools.repeat(self._unk_token_id))
        return np.fromiter(ids, dtype=np.int32, count=len(words))

    def _ask_tokenizer(self, texts: Sequence[str]) -> Iterator[list[int]]:
        for start in range(0, len(texts), _CHUNK_SIZE_TEXTS):
            chunk = [replace_surrogates(text) for text in texts[start : start + _CHUNK_SIZE_TEXTS]]
            for encoding in self._tokenizer.encode_batch_fast(chunk, add_special_tokens=False):
                yield encoding.ids


def _check_texts(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise InputError("texts is one string: expected a list of strings, so put [ ] around it")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"text {index} is {text!r:.40}: expected a string, not {type(text).__name__}")


def fill_empty(texts: EncodedTexts, token_id: int) -> EncodedTexts:
    """Return the texts with `token_id` as the one token of those that have none: an LSTM must read something."""
    is_empty = texts.lengths == 0
    if not is_empty.any():
        return texts
    input_ids = np.insert(texts.input_ids, texts.offsets[:-1][is_empty], token_id)
    offsets = texts.offsets + np.concatenate([[0], np.cumsum(is_empty)])
    return EncodedTexts(input_ids=input_ids, offsets=offsets)
