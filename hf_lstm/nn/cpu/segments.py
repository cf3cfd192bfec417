"""Divides the rows of a batch into groups, and cuts these into segments.

Threads run groups side by side. A segment is a block of steps and rows, for one call of a padded kernel.
"""

import dataclasses
import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from operator import neg

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# What one more kernel call costs (it packs the weights), in steps of one row: measured 30 to 280 over float32 and
# bfloat16, prediction and training, 16 to 64 rows; from 50 to 400 the speed is the same to 3 %.
CALL_COST = 150
MAX_CHOSEN = 16
MIN_STEPS = 16
# Numbers of steps that differ by a factor of two have as many others between them. A kernel is compiled for each, which
# takes as long as to run it on a short text: up to 512 steps there are 55, fewer than `devices.MAX_CACHED_KERNELS`.
ROUND_NUMBERS = 8

Span = tuple[int, int, int]
"""Where a segment is to be: its first step, its end, its number of rows."""
# The bfloat16 kernel has tiles of 16 rows by 16 units, reads features in pairs, and is up to 5 times slower otherwise.
BFLOAT16_TILE = 16
# Blocks of few sizes, for kernels that are compiled already: longer ones where few rows end.
MIN_RECURRING_ROWS = 64
LONG_STEPS, SHORT_STEPS = 32, 8
_NO_PLACES = np.empty(0, dtype=np.int64)


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """Describes a `(steps, rows)` block: some time steps of a group's longest rows.

    *Places* are numbers in the flattened block. *Tokens* are numbers in the flattened `(batch, time)` of the batch.
    """

    num_steps: int
    num_rows: int
    ending_rows: slice
    """Those of the group's rows that no later segment reads."""
    last_rows: slice
    """Those of the group's rows whose last token is here."""
    last_places: Tensor
    """The places of these last tokens."""
    tokens: tuple[Tensor, ...]
    """For the forward direction, and for the reverse one if there is one: the token that each place reads, `(places,)`.
    At padding, it is any token of the row."""
    padding_places: Tensor
    """The places of no real token."""

    def list_real_places(self) -> Tensor:
        """List the places of real tokens."""
        is_real = torch.ones(self.num_steps * self.num_rows, dtype=torch.bool, device="cpu")
        return is_real.index_fill_(0, self.padding_places, False).nonzero().squeeze(1)


@dataclasses.dataclass(frozen=True, slots=True)
class RowGroup:
    """Holds some rows of a batch, and the segments they run in."""

    rows: Tensor
    """Their numbers in the batch, longest first."""
    segments: tuple[Segment, ...]
    """In the order of time."""


def group_rows(
    lengths: Tensor,
    time: int,
    *,
    num_groups: int,
    num_directions: int = 2,
    row_multiple: int = 1,
    max_places: int | None = None,
    cut_at_each_length: bool = False,
    rounds_steps: bool = False,
    recurs: bool = False,
) -> list[RowGroup]:
    """Divide a batch's rows into groups of like size and like lengths.

    Args:
        lengths: int64 `(batch,)`, each in 1..time.
        time: steps of the padded batch.
        num_groups: groups wanted; there are no more than rows.
        num_directions: 2 where each row is also read from its end, else 1.
        row_multiple: numbers of rows above it are filled up to a multiple of it.
        max_places: larger segments are divided, but not into fewer than `MIN_STEPS` steps.
        cut_at_each_length: end a segment wherever a row ends, so that the kernel's last states are the row's.
        rounds_steps: run a segment that is the only one for a round number of steps, if that costs little.
        recurs: run groups of at least `MIN_RECURRING_ROWS` in blocks of sizes that recur.
    """
    all_lengths = lengths.numpy()
    order = np.argsort(-all_lengths, kind="stable")
    groups = []
    for first in range(min(num_groups, len(order))):
        rows = order[first::num_groups]
        descending = all_lengths[rows].tolist()
        if recurs and len(rows) >= MIN_RECURRING_ROWS:
            spans = _make_recurring_spans(descending, max_places)
        else:
            ends = sorted(set(descending)) if cut_at_each_length else _choose_ends(descending, row_multiple)
            spans = _make_spans(descending, ends, row_multiple, max_places)
            if rounds_steps and len(spans) == 1:
                spans = [_round_steps(*spans[0])]
        segments = _build_segments(rows, all_lengths[rows], time, spans, num_directions)
        groups.append(RowGroup(torch.from_numpy(rows), segments))
    return groups


def _count_rows(descending: Sequence[int], start: int, row_multiple: int) -> int:
    """Count the rows to run from step `start` on.

    They are those longer than `start`, filled up to the multiple. Fewer rows than the multiple are not filled up, but
    for a single one: the kernel would run it by another path, with other rounding, and a row alone must get the states
    that it gets in a batch, to the bit. Sums over its steps may be of another order.
    """
    num_longer = bisect_left(descending, -start, key=neg)
    if num_longer <= row_multiple:
        return max(num_longer, min(2, row_multiple))
    return -(-num_longer // row_multiple) * row_multiple


def _choose_ends(descending: Sequence[int], row_multiple: int) -> list[int]:
    """Choose the cheapest ends of segments for rows of these lengths."""
    spacing = max(row_multiple, len(descending) // MAX_CHOSEN)
    cheapest: dict[int, tuple[int, list[int]]] = {0: (0, [])}  # by the last end: the cost up to there, and all ends
    for end in sorted(set(descending[::spacing])):
        cheapest[end] = min(
            (cost + (end - start) * _count_rows(descending, start, row_multiple) + CALL_COST, [*ends, end])
            for start, (cost, ends) in cheapest.items()
        )
    return cheapest[descending[0]][1]


def _make_spans(
    descending: Sequence[int], ends: Sequence[int], row_multiple: int, max_places: int | None
) -> list[Span]:
    spans = []
    for start, end in itertools.pairwise([0, *ends]):
        num_rows = _count_rows(descending, start, row_multiple)
        max_steps = end if max_places is None else max(MIN_STEPS, max_places // num_rows)
        num_parts = math.ceil((end - start) / max_steps)
        cuts = [start + (end - start) * part // num_parts for part in range(num_parts + 1)]
        spans += [(*steps, num_rows) for steps in itertools.pairwise(cuts)]
    return spans


def _make_recurring_spans(descending: Sequence[int], max_places: int | None) -> list[Span]:
    """Cut rows of these lengths into blocks of few sizes, which are filled up."""
    spans: list[Span] = []
    start = 0
    while start < descending[0]:
        num_rows, num_later = (
            _round_rows(bisect_left(descending, -step, key=neg)) for step in (start, start + LONG_STEPS - SHORT_STEPS)
        )
        fits = max_places is None or LONG_STEPS * num_rows <= max_places
        num_steps = LONG_STEPS if fits and num_later == num_rows else SHORT_STEPS
        spans.append((start, start + num_steps, num_rows))
        start += num_steps
    return spans


def _round_rows(num_rows: int) -> int:
    """Round a number of rows up to a tile, a power of two of them, or one and a half times such a power."""
    num_tiles = -(-num_rows // BFLOAT16_TILE)
    power = 1 << max(0, num_tiles - 1).bit_length()
    return BFLOAT16_TILE * (power * 3 // 4 if 0 < num_tiles <= power * 3 // 4 else power)


def _round_steps(start: int, end: int, num_rows: int) -> Span:
    """Round a segment's steps up, to meet kernels that are there already; not if that costs as much as a call."""
    unit = 2 ** max(0, (end - start).bit_length() - ROUND_NUMBERS.bit_length())
    num_added = start - end + math.ceil((end - start) / unit) * unit
    return start, end + (num_added if num_added * num_rows < CALL_COST else 0), num_rows


def _build_segments(
    rows: NDArray[np.int64], lengths: NDArray[np.int64], time: int, spans: Sequence[Span], num_directions: int
) -> tuple[Segment, ...]:
    num_filled = spans[0][2] - len(rows)  # the filling repeats the last row, all of it as padding
    first_tokens = np.pad(rows * time, (0, num_filled), mode="edge")
    last_steps = np.pad(lengths - 1, (0, num_filled), mode="edge")
    real_ends = np.pad(lengths, (0, num_filled))
    segments = []
    for (start, end, num_rows), num_next in zip(spans, [*(span[2] for span in spans[1:]), 0], strict=True):
        steps = np.arange(start, end)[:, None]
        is_padded = real_ends[:num_rows].min() < end
        within = np.minimum(steps, last_steps[:num_rows]) if is_padded else steps
        tokens = [first_tokens[:num_rows] + within]
        if num_directions > 1:
            tokens.append((first_tokens + last_steps)[:num_rows] - within)
        padding_places = np.flatnonzero(steps >= real_ends[:num_rows]) if is_padded else _NO_PLACES
        last_rows = slice(int((real_ends > end).sum()), int((real_ends > start).sum()))
        last_places = (last_steps[last_rows] - start) * num_rows + np.arange(last_rows.start, last_rows.stop)
        segments.append(
            Segment(
                num_steps=end - start,
                num_rows=num_rows,
                ending_rows=slice(num_next, min(num_rows, len(rows))),
                last_rows=last_rows,
                last_places=torch.from_numpy(last_places),
                tokens=tuple(torch.from_numpy(each.ravel()) for each in tokens),
                padding_places=torch.from_numpy(padding_places),
            )
        )
    return tuple(segments)
