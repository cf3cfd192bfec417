"""Looks many words up at once, by NumPy."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

MAX_BYTES = 16
"""Longer words are in no table."""

_HALF = 8  # a word is read as one or two numbers of eight bytes
_EMPTY = np.uint64(0)  # no word starts with a zero byte
_LOAD = 4  # slots for each word, at least: a word that is found is mostly found at once
_MULTIPLIERS: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))  # odd: a hash by multiplication
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(_HALF + 1)], dtype=np.uint64)

Numbers = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


class WordTable:
    """Holds an id for each of many short words, and finds those of thousands of words in a millisecond.

    It is a hash table with linear probing, of which each step is done for all words at once. NumPy lets other threads
    run meanwhile.

    Args:
        ids: by word, of any bytes but zero; words that come first are found fastest. Those that are longer than
            `MAX_BYTES` are left out.
        default: the id of all other words.
    """

    def __init__(self, ids: Mapping[bytes, int], default: int) -> None:
        words = [word for word in ids if 0 < len(word) <= MAX_BYTES]
        values = np.fromiter((ids[word] for word in words), dtype=np.int32, count=len(words))
        lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        places = np.cumsum(lengths) - lengths
        first, second = read_words(np.frombuffer(pad_bytes(b"".join(words)), dtype="<u8"), places, lengths)
        is_short = lengths <= _HALF
        self._short = _Slots((first[is_short],), values[is_short], default)
        self._long = _Slots((first[~is_short], second[~is_short]), values[~is_short], default)

    def look_up(self, text: Numbers, starts: Places, lengths: Places) -> npt.NDArray[np.int32]:
        """Look the words of a text up, int32 (num_words,).

        Those that are longer than `MAX_BYTES` get any id.

        Args:
            text: its bytes, as `pad_bytes` pads them, eight in a number.
            starts: of the words, in bytes.
            lengths: of the words, in bytes, at least 1.
        """
        ids = self._short.find((read_half(text, starts, lengths),))
        is_long = np.flatnonzero(lengths > _HALF)
        halves = read_words(text, starts[is_long], lengths[is_long])
        ids[is_long] = self._long.find(halves)
        return ids


class _Slots:
    """Holds keys of one or two numbers, and their values, by hash; other keys have the default."""

    def __init__(self, keys: tuple[Numbers, ...], values: npt.NDArray[np.int32], default: int) -> None:
        self._bits = max(4, int(_LOAD * len(values)).bit_length())
        size = 1 << self._bits
        self._keys = tuple(np.full(size, _EMPTY) for _ in keys)
        self._values = np.full(size, default, dtype=np.int32)
        pending, slots = np.arange(len(values)), self._hash(keys)
        while len(pending):
            is_free = self._keys[0][slots] == _EMPTY
            # of the keys that want the same free slot, the first gets it
            chosen = np.flatnonzero(is_free)[np.unique(slots[is_free], return_index=True)[1]]
            for column, key in zip(self._keys, keys, strict=True):
                column[slots[chosen]] = key[pending[chosen]]
            self._values[slots[chosen]] = values[pending[chosen]]
            pending, slots = (np.delete(each, chosen) for each in (pending, slots))
            slots = (slots + 1) & (size - 1)

    def find(self, keys: tuple[Numbers, ...]) -> npt.NDArray[np.int32]:
        """Find the values of keys."""
        slots = self._hash(keys)
        found, is_over = self._probe(slots, keys)
        pending = np.flatnonzero(~is_over)
        slots = slots[pending]
        while len(pending):
            slots = (slots + 1) & ((1 << self._bits) - 1)
            found[pending], is_over = self._probe(slots, tuple(key.take(pending) for key in keys))
            pending, slots = pending[~is_over], slots[~is_over]
        return found

    def _probe(self, slots: Places, keys: tuple[Numbers, ...]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """Look at one slot for each key: its value, and whether it is the key's, for which a free one's counts."""
        held = self._keys[0].take(slots)
        is_over = held == keys[0]
        for column, key in zip(self._keys[1:], keys[1:], strict=True):
            is_over &= column.take(slots) == key
        return self._values.take(slots), is_over | (held == _EMPTY)

    def _hash(self, keys: tuple[Numbers, ...]) -> Places:
        mixed = keys[0]
        if len(keys) > 1:
            mixed = mixed ^ keys[1] * _MULTIPLIERS[1]
        slots: Places = ((mixed * _MULTIPLIERS[0]) >> np.uint64(64 - self._bits)).view(np.int64)
        return slots


def pad_bytes(text: bytes) -> bytes:
    """Pad a text with zeros, so that the eight bytes after each place can be read."""
    return text + bytes(2 * _HALF + -len(text) % _HALF)


def read_half(text: Numbers, starts: Places, lengths: Places) -> Numbers:
    """Read up to eight bytes from each place as a number; the bytes after the word are zero in it."""
    # In place: of a megabyte of text, each new array would push others out of a core's own cache.
    places = starts >> 3
    shifts = starts.view(np.uint64) & np.uint64(7)
    shifts <<= np.uint64(3)
    numbers = text.take(places, mode="clip")
    numbers >>= shifts
    places += 1
    following = text.take(places, mode="clip")
    following <<= np.uint64(1)
    np.subtract(np.uint64(63), shifts, out=shifts)
    following <<= shifts
    numbers |= following
    numbers &= _MASKS.take(np.minimum(lengths, _HALF, out=places), mode="clip", out=following)
    return numbers


def read_words(text: Numbers, starts: Places, lengths: Places) -> tuple[Numbers, Numbers]:
    """Read up to sixteen bytes from each place as two numbers."""
    return read_half(text, starts, lengths), read_half(text, starts + _HALF, np.maximum(lengths - _HALF, 0))
