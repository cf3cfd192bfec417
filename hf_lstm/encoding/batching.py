"""Chooses batches of rows, and pads them to tensors."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.config import ModelConfig
from hf_lstm.encoding.encoder import EncodedTexts

_BATCHES_SORTED_TOGETHER = 50
"""Batches' worth of shuffled rows that are sorted by length at once: enough that a batch is nearly uniform (under 2 %
padding on IMDB), few enough that the rows of a batch stay random."""
_CPU = torch.device("cpu")
_MIN_BATCHES_SORTED_TOGETHER = 4
_MIN_RUNS = 8
"""Sorted runs of an epoch, at least, unless batches are too large for it: sorted all at once, the same rows would meet
in every epoch."""
MAX_STATES_PER_BATCH = 2**27
"""States, those of padding included, whose backward pass is kept ready. These take 4 to 6 GB: one has 29 bytes in five
layers in bfloat16, 45 in float32, and 41 in a single layer in bfloat16."""
_BYTES_PER_STATE_ON_CUDA = 48
"""Of a CUDA device's memory, for each such state."""


@dataclass(frozen=True)
class Batch:
    """Holds rows, padded on the right to the longest of them."""

    input_ids: torch.Tensor
    """int64 (batch, time)"""
    lengths: torch.Tensor
    """int64 (batch,), on the CPU"""


def collate(texts: EncodedTexts, rows: np.ndarray, *, pad_token_id: int) -> Batch:
    """Pad the rows, int64 (batch,), to one batch (batch, time).

    A text without tokens is an error of the caller.
    """
    lengths = texts.lengths[rows]
    steps = np.arange(lengths.max())
    places = texts.offsets[rows][:, None] + steps
    input_ids = texts.input_ids.take(places, mode="clip").astype(np.int64)
    if lengths.min() < len(steps):
        input_ids[steps >= lengths[:, None]] = pad_token_id
    return Batch(input_ids=torch.from_numpy(input_ids), lengths=torch.from_numpy(lengths))


def shuffle_batches(
    lengths: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    group_by_length: bool = True,
    max_tokens: int | None = None,
) -> list[np.ndarray]:
    """Shuffle rows into an epoch's batches, arrays of row numbers.

    Every row stands in exactly one. Rows are shuffled; then runs of them are sorted by length and cut into batches, and
    the batches are shuffled.

    Args:
        lengths: int64 (num_rows,), tokens of each row.
        batch_size: rows per batch; the last batch of a run may have fewer.
        seed: of the order, together with `epoch`.
        epoch: number of the epoch.
        group_by_length: False for plain shuffling.
        max_tokens: budget of a batch, padding included, instead of `batch_size` rows.
    """
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(len(lengths))
    if not (group_by_length and len(lengths)):
        return list(_cut_batches(lengths, order, batch_size, max_tokens))
    rows_per_batch = batch_size if max_tokens is None else max(1, int(max_tokens * len(lengths) / lengths.sum()))
    run = _choose_run(len(lengths), rows_per_batch)
    runs = [order[start : start + run] for start in range(0, len(order), run)]
    runs = [rows[np.argsort(lengths[rows], kind="stable")] for rows in runs]
    batches = [batch for rows in runs for batch in _cut_batches(lengths, rows, batch_size, max_tokens)]
    return [batches[i] for i in generator.permutation(len(batches))]


def count_batches(num_rows: int, batch_size: int, *, group_by_length: bool = True) -> int:
    """Count the batches of an epoch, before any is made.

    `shuffle_batches` makes as many in each epoch, if it has no budget of tokens.
    """
    if not (group_by_length and num_rows):
        return math.ceil(num_rows / batch_size)
    run = _choose_run(num_rows, batch_size)
    return num_rows // run * math.ceil(run / batch_size) + math.ceil(num_rows % run / batch_size)


def _choose_run(num_rows: int, rows_per_batch: int) -> int:
    """Choose how many shuffled rows to sort by length at once."""
    num_together = min(_BATCHES_SORTED_TOGETHER, num_rows // (_MIN_RUNS * rows_per_batch))
    return rows_per_batch * max(_MIN_BATCHES_SORTED_TOGETHER, num_together)


def sort_batches(
    lengths: np.ndarray, *, max_tokens: int | None = None, batch_size: int | None = None
) -> Iterator[np.ndarray]:
    """Yield batches of row numbers for inference, the shortest rows first.

    Args:
        lengths: int64 (num_rows,), tokens of each row.
        max_tokens: budget of a batch, padding included; a longer row stands alone.
        batch_size: rows per batch, at most.
    """
    assert max_tokens or batch_size
    yield from _cut_batches(lengths, np.argsort(lengths, kind="stable"), batch_size or len(lengths), max_tokens)


def divide_batches(lengths: np.ndarray, num_batches: int, *, max_places: int) -> list[np.ndarray]:
    """Divide rows into batches of about as many tokens, the shortest rows first.

    Batches are arrays of row numbers. Padding does not count, since the CPU's kernel computes little of it.

    Args:
        lengths: int64 (num_rows,), tokens of each row.
        num_batches: how many; fewer where a row is longer than a batch's share, more where `max_places` cuts.
        max_places: larger batches, padding included, are cut, so that memory stays bounded.
    """
    order = np.argsort(lengths, kind="stable")
    tokens_before = np.cumsum(lengths[order]) - lengths[order]
    shares = lengths.sum() * np.arange(1, num_batches) / num_batches
    divided = np.split(order, np.searchsorted(tokens_before, shares))
    return [batch for rows in divided for batch in _cut_batches(lengths, rows, len(rows), max_places)]


def _cut_batches(
    lengths: np.ndarray, order: np.ndarray, batch_size: int, max_tokens: int | None
) -> Iterator[np.ndarray]:
    """Cut rows into batches, in their order.

    Each has `batch_size` rows or, with `max_tokens`, as many as fit into that, but at least one.
    """
    start = 0
    while start < len(order):
        num_rows = batch_size
        if max_tokens is not None:
            window = order[start : start + min(batch_size, max_tokens)]  # each row has a token at least
            num_tokens = np.maximum.accumulate(lengths[window]) * np.arange(1, len(window) + 1)
            num_rows = max(1, int(np.searchsorted(num_tokens, max_tokens, side="right")))
        yield order[start : start + num_rows]
        start += num_rows


def padding_share(lengths: np.ndarray, batches: list[np.ndarray]) -> float:
    """Compute the share of padding in batches, 0 to 1; `lengths` is (num_rows,)."""
    computed = sum(int(lengths[rows].max()) * len(rows) for rows in batches)
    return 1 - int(lengths.sum()) / computed if computed else 0.0


def count_max_states(device: torch.device) -> int:
    """Count the states that a device keeps ready for a backward pass."""
    if device.type != "cuda":
        return MAX_STATES_PER_BATCH
    # Each part of a batch takes as many steps one after the other, however few rows it has: a GPU wants large ones.
    total: int = torch.cuda.get_device_properties(device).total_memory
    return max(MAX_STATES_PER_BATCH, total // _BYTES_PER_STATE_ON_CUDA)


def split_large_batches(
    lengths: NDArray[np.int64],
    batches: Iterable[NDArray[np.int64]],
    config: ModelConfig,
    device: torch.device = _CPU,
) -> list[NDArray[np.int64]]:
    """Split a step's batches where they are too large for memory.

    The gradients of the parts add up to that of the whole, so that the step stays the same.

    Args:
        lengths: tokens of each row of the split.
        batches: of one optimizer step.
        config: of the model. Each layer has a state for each token, direction and unit.
        device: that computes.

    Returns:
        Batches of row numbers, each small enough for one forward and backward pass, or a single row.
    """
    max_places = count_max_states(device) // (config.num_layers * config.num_directions * config.hidden_size)
    parts = []
    for rows in batches:
        row_lengths = lengths[rows]
        if len(rows) * row_lengths.max() <= max_places:
            parts.append(rows)
        else:
            parts += [rows[part] for part in divide_batches(row_lengths, 1, max_places=max_places)]
    return parts
