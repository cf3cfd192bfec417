"""Encodes texts into the tokenizer's exact ids, in a fraction of its time."""

import copy
import dataclasses
import functools
import itertools
import operator
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tokenizers.models import BPE

from hf_lstm.config.model import NetworkConfig
from hf_lstm.encoding.bulk_encoder import BulkEncoder, cut_chunks, cut_rows, list_run_places
from hf_lstm.errors import InputError
from hf_lstm.tokenization.saved import typed_failures
from hf_lstm.tokenization.word_patterns import is_unspaced, replace_surrogates
from hf_lstm.tokenization.word_splitter import UNK_TOKEN, find_splitter

T = TypeVar("T")
Truncation = Literal["first", "last", "head_tail"]

_MIN_BULK_CHARACTERS = 2**17
"""Of all texts together: for fewer, it is not worth it to build the table of words."""
_MISSING = frozenset({"NoneType", "NAType", "NaTType"})
"""Types of what stands for a value that is missing, those of pandas among them."""
_CHUNK_SIZE_TEXTS = 256  # bounds the memory of the library's results, which are many times the size of the ids


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class EncodedTexts:
    """Holds the ids of many texts, end to end in one array.

    Row `i` is `input_ids[offsets[i]:offsets[i + 1]]`.
    """

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
        """Count the tokens of each text, (num_texts,)."""
        return np.diff(self.offsets)

    def select(self, rows: npt.NDArray[np.int64]) -> "EncodedTexts":
        """Return some of the texts, in the order given."""
        lengths = self.lengths[rows]
        places = list_run_places(self.offsets[rows], lengths)
        return EncodedTexts(self.input_ids[places], np.concatenate([[0], np.cumsum(lengths)]))


class Token(NamedTuple):
    """Describes a token and its place in the text.

    It was made of `text[start:end]`.
    """

    id: int
    word_index: int | None
    """Pieces of one word share it; None for what the tokenizer counts as no word."""
    start: int
    end: int


def truncate(tokens: list[T], max_length_tokens: int, truncation: Truncation) -> list[T]:
    """Cut tokens to at most `max_length_tokens`.

    What stays are the first, the last, or both ends. Of an odd number, the head has one more.
    """
    if len(tokens) <= max_length_tokens or truncation == "first":
        return tokens[:max_length_tokens]
    num_last = count_last(max_length_tokens, truncation)
    return tokens[: max_length_tokens - num_last] + tokens[len(tokens) - num_last :]


def count_last(max_length_tokens: int, truncation: Truncation) -> int:
    """Count the tokens that are kept at the end of a longer text; the others are kept at its start."""
    return {"first": 0, "last": max_length_tokens, "head_tail": max_length_tokens // 2}[truncation]


class Encoder:
    """Encodes texts as a model reads them.

    A text is cut to `config.max_length_characters`. Its ids are `tokenizer.encode(text, add_special_tokens=False).ids`,
    truncated as `config` says, with U+FFFD for lone surrogates; padding and truncation that the tokenizer may have
    stored are ignored. A text without tokens is the single token `<unk>`, since an LSTM must read something.

    Word-level tokenizers of `train_tokenizer` are replaced: a `WordSplitter` gives the words, and a dictionary their
    ids. All others are asked. What is changed in a tokenizer later may or may not be seen.

    Args:
        tokenizer: gives the ids; it must be complete.
        config: the model's limits, and the id of `<unk>`.
    """

    def __init__(self, tokenizer: Tokenizer, config: NetworkConfig) -> None:
        if tokenizer.padding is not None or tokenizer.truncation is not None:
            tokenizer = copy.deepcopy(tokenizer)
            tokenizer.no_padding()
            tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._config = config
        self._splitter = find_splitter(tokenizer)
        # In the order of the ids, which is often by frequency, look-ups find more of the dictionary in the cache.
        self._vocab = dict(sorted(tokenizer.get_vocab().items(), key=operator.itemgetter(1)))
        self._unk_token_id = self._vocab.get(UNK_TOKEN, -1)
        self._bulk: BulkEncoder | None = None  # made when it is needed

    def encode(self, texts: Sequence[str], *, first_row: int = 0) -> EncodedTexts:
        """Encode texts into ids.

        Args:
            texts: strings, of any length.
            first_row: the number of the first text, for messages.

        Raises:
            InputError: one of `texts` is not a string, and its row is named; or `texts` itself is one.
        """
        if isinstance(texts, str):
            raise InputError("texts is one string: expected a list of strings, so put [ ] around it")
        config = self._config
        checked = _cut_texts(texts, first_row, config.max_length_characters)
        if self._splitter is not None and sum(map(len, checked)) >= _MIN_BULK_CHARACTERS:
            return fill_empty(self._encode_in_bulk(checked), config.unk_token_id)
        if self._splitter is not None:
            # no more words than need be
            num_read = config.max_length_tokens if config.truncation == "first" else sys.maxsize
            words = (self._splitter.split(text, num_read) for text in checked)
            rows = [self._look_up(self._truncate(row)) for row in words]
        else:
            rows = [np.array(self._truncate(ids), dtype=np.int32) for ids in self._ask_tokenizer(checked)]
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        nothing = np.empty(0, dtype=np.int32)  # for no texts
        encoded = EncodedTexts(np.concatenate([nothing, *rows]), np.concatenate([[0], np.cumsum(lengths)]))
        return fill_empty(encoded, config.unk_token_id)

    def _encode_in_bulk(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode many texts in threads, whose results are those of `encode`."""
        # Imported here, as PyTorch is needed for nothing else: few texts are encoded without it.
        from hf_lstm.nn.cpu.threads import count_threads, run_in_threads

        if self._bulk is None:
            assert self._splitter is not None
            self._bulk = BulkEncoder(self._splitter, self._vocab, self._unk_token_id)
        bulk = self._bulk
        limit = self._config.max_length_tokens
        num_last = count_last(limit, self._config.truncation)

        def encode_chunk(chunk: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
            return cut_rows(*bulk.encode_chunk(chunk), limit - num_last, num_last)

        chunks = cut_chunks(texts, count_threads())
        parts = run_in_threads([functools.partial(encode_chunk, chunk) for chunk in chunks])
        ids, counts = (np.concatenate(each) for each in zip(*parts, strict=True))
        return EncodedTexts(ids, np.concatenate([[0], np.cumsum(counts)]))

    def locate(self, text: str) -> list[Token]:
        """Find the tokens read of a text, with their places in it.

        A text without words has none.

        Raises:
            InputError: `text` is not a string.
        """
        text = check_text(text, 0)[: self._config.max_length_characters]
        with typed_failures("the tokenizer fails at the text"):
            encoding = self._tokenizer.encode(replace_surrogates(text), add_special_tokens=False)
        places = zip(encoding.ids, encoding.word_ids, encoding.offsets, strict=True)
        tokens = [Token(token_id, word_index, start, end) for token_id, word_index, (start, end) in places]
        return self._truncate(_separate_unspaced(tokens, text) if isinstance(self._tokenizer.model, BPE) else tokens)

    def _truncate(self, tokens: list[T]) -> list[T]:
        return truncate(tokens, self._config.max_length_tokens, self._config.truncation)

    def _look_up(self, words: list[str]) -> npt.NDArray[np.int32]:
        ids = map(self._vocab.get, words, itertools.repeat(self._unk_token_id))
        return np.fromiter(ids, dtype=np.int32, count=len(words))

    def _ask_tokenizer(self, texts: Sequence[str]) -> Iterator[list[int]]:
        for start in range(0, len(texts), _CHUNK_SIZE_TEXTS):
            chunk = [replace_surrogates(text) for text in texts[start : start + _CHUNK_SIZE_TEXTS]]
            with typed_failures(f"the tokenizer fails at one of {len(chunk)} texts"):
                encodings = self._tokenizer.encode_batch_fast(chunk, add_special_tokens=False)
            for encoding in encodings:
                yield encoding.ids


def _cut_texts(texts: Sequence[str], first_row: int, max_length_characters: int) -> Sequence[str]:
    """Return texts of a limited length, each checked as `check_text` does."""
    is_plain = isinstance(texts, list) and set(map(type, texts)) <= {str}
    if is_plain and max(map(len, texts), default=0) <= max_length_characters:
        return texts  # as nearly always: to look at each takes a tenth of the time of its words
    return [check_text(text, row)[:max_length_characters] for row, text in enumerate(texts, first_row)]


def check_text(text: object, row: int) -> str:
    """Return a row's text.

    Raises:
        InputError: it is not a string; its row is named.
    """
    if isinstance(text, str):
        return text
    is_nan = isinstance(text, (float, np.floating)) and text != text
    shown = "NaN" if is_nan else type(text).__name__
    if isinstance(text, Mapping):
        remedy = "pass the column of texts, as in rows['text']"
    elif isinstance(text, bytes | bytearray):
        remedy = "decode it, as in text.decode('utf-8')"
    elif is_nan or shown in _MISSING:
        remedy = "drop it or replace it by an empty one"
    else:
        remedy = "pass a list of strings"
    raise InputError(f"row {row} is {shown}, expected a string; {remedy}")


def fill_empty(texts: EncodedTexts, token_id: int) -> EncodedTexts:
    """Give texts without tokens the single token `token_id`.

    An LSTM must read something.
    """
    is_empty = texts.lengths == 0
    if not is_empty.any():
        return texts
    input_ids = np.insert(texts.input_ids, texts.offsets[:-1][is_empty], token_id)
    offsets = texts.offsets + np.concatenate([[0], np.cumsum(is_empty)])
    return EncodedTexts(input_ids=input_ids, offsets=offsets)


def _separate_unspaced(tokens: Sequence[Token], text: str) -> list[Token]:
    """Make each piece a word of its own where a script sets no blanks.

    Bytes of one character stay together, and so does a letter with the signs above and below it.
    """
    separated: list[Token] = []
    number, end = -1, 0
    for token, before in zip(tokens, [None, *tokens], strict=False):
        is_next = before is None or token.word_index != before.word_index
        first = text[token.start]
        is_sign = unicodedata.category(first).startswith("M")
        if is_next or (token.start >= end and is_unspaced(first) and not is_sign):
            number += 1
        end = token.end
        separated.append(token._replace(word_index=number))
    return separated
