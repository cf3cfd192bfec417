"""Brings the words of texts in random batches, as a pure function of seed and step."""

import math

import numpy as np
from numpy.typing import NDArray

from hf_lstm.encoding.batching import Batch, collate, count_batches, shuffle_batches
from hf_lstm.encoding.encoder import EncodedTexts

MIN_PIECE_LENGTH = 2
"""A single word has no other to be predicted from."""


def cut_into_pieces(texts: EncodedTexts, max_length_tokens: int) -> EncodedTexts:
    """Cut long texts into pieces of about equal length, none longer than `max_length_tokens`.

    All words stay, in their order.
    """
    num_pieces = np.maximum(1, -(-texts.lengths // max_length_tokens))
    within = np.arange(num_pieces.sum()) - np.repeat(np.cumsum(num_pieces) - num_pieces, num_pieces)
    starts = np.repeat(texts.offsets[:-1], num_pieces)
    lengths, parts = np.repeat(texts.lengths, num_pieces), np.repeat(num_pieces, num_pieces)
    offsets = starts + lengths * within // parts
    return EncodedTexts(texts.input_ids, np.append(offsets, texts.offsets[-1]))


class WordStream:
    """Gives a batch of pieces for each step.

    Every piece of at least two words comes once an epoch. Which ones come in a step depends on the seed and on the
    number of the step alone, so that a run can go on anywhere.

    Args:
        pieces: as `cut_into_pieces` gives them.
        batch_size: pieces per step.
        seed: of the order.
        pad_token_id: fills the shorter pieces of a batch.

    Attributes:
        steps_per_epoch: how many steps bring each piece once.
    """

    def __init__(self, pieces: EncodedTexts, batch_size: int, *, seed: int, pad_token_id: int) -> None:
        self._pieces = pieces
        self._rows = np.flatnonzero(pieces.lengths >= MIN_PIECE_LENGTH)
        self._batch_size = batch_size
        self._seed = seed
        self._pad_token_id = pad_token_id
        self._epoch = -1
        self._batches: list[NDArray[np.int64]] = []
        self.steps_per_epoch = count_batches(len(self._rows), batch_size)

    def draw(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0."""
        epoch, index = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            lengths = self._pieces.lengths[self._rows]
            self._batches = shuffle_batches(lengths, self._batch_size, seed=self._seed, epoch=epoch + 1)
            self._epoch = epoch
        return collate(self._pieces, self._rows[self._batches[index]], pad_token_id=self._pad_token_id)


def list_batches(pieces: EncodedTexts, batch_size: int) -> list[NDArray[np.int64]]:
    """List batches of all pieces that have a word to predict, in order of length: for measuring."""
    rows = np.flatnonzero(pieces.lengths >= MIN_PIECE_LENGTH)
    rows = rows[np.argsort(pieces.lengths[rows], kind="stable")]
    return np.array_split(rows, math.ceil(len(rows) / batch_size)) if len(rows) else []
