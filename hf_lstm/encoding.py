"""Encode texts into flat arrays of ids: exactly the tokenizer's ids, in a fraction of its time."""

import array
import copy
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from hf_lstm.errors import InputError
from hf_lstm.tokenization import UNK_TOKEN, WordSplitter, find_splitter, replace_surrogates

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


class Encoder:
    """Encodes with a tokenizer as it is now: later changes to the tokenizer are not seen.

    The ids of a text are `tokenizer.encode(text, add_special_tokens=False).ids[:max_length_tokens]`, with U+FFFD for
    lone surrogates; padding and truncation that the tokenizer may have stored are ignored. Tokenizers of
    `train_tokenizer` are replaced by a dictionary lookup of the words a `WordSplitter` gives, all others are asked.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._splitter = find_splitter(tokenizer)
        self._vocab = tokenizer.get_vocab() if self._splitter is not None else {}
        if tokenizer.padding is not None or tokenizer.truncation is not None:
            tokenizer = copy.deepcopy(tokenizer)
            tokenizer.no_padding()
            tokenizer.no_truncation()
        self._tokenizer = tokenizer

    def encode(self, texts: Sequence[str], *, max_length_tokens: int) -> EncodedTexts:
        """Return the first `max_length_tokens` ids of each text.

        Raises:
            InputError: one of `texts` is not a string, or `texts` itself is one.
        """
        _check_texts(texts)
        rows: Iterable[Iterable[int]]
        if self._splitter is not None:
            rows = self._look_up_words(self._splitter, texts, max_length_tokens)
        else:
            rows = self._ask_tokenizer(texts, max_length_tokens)
        input_ids, offsets = array.array("i"), array.array("q", [0])  # int32 and int64 that grow in place
        for row in rows:
            input_ids.extend(row)
            offsets.append(len(input_ids))
        return EncodedTexts(np.array(input_ids, dtype=np.int32), np.array(offsets, dtype=np.int64))

    def _look_up_words(
        self, splitter: WordSplitter, texts: Sequence[str], max_length_tokens: int
    ) -> Iterator[Iterator[int]]:
        get_id, unk_token_id = self._vocab.get, itertools.repeat(self._vocab[UNK_TOKEN])
        for text in texts:
            yield map(get_id, splitter.split(text, max_length_tokens), unk_token_id)

    def _ask_tokenizer(self, texts: Sequence[str], max_length_tokens: int) -> Iterator[list[int]]:
        for start in range(0, len(texts), _CHUNK_SIZE_TEXTS):
            chunk = [replace_surrogates(text) for text in texts[start : start + _CHUNK_SIZE_TEXTS]]
            for encoding in self._tokenizer.encode_batch_fast(chunk, add_special_tokens=False):
                yield encoding.ids[:max_length_tokens]


def _check_texts(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise InputError("texts is one string: expected a list of strings, so put [ ] around it")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"text {index} is {text!r:.40}: expected a string, not {type(text).__name__}")
