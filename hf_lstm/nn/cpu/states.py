"""Pools a segment's states, and spreads gradients back to them.

States are pooled as soon as they are computed. To write them out token by token, and read them once more, took two
thirds of the time of a bfloat16 prediction.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from hf_lstm.nn.cpu.segments import RowGroup, Segment


class LayerStates(NamedTuple):
    """Holds a layer's states: each token's, and those pooled by row.

    Fields that nobody wants are empty, and without gradient. `outputs` is by token,
    `(batch * time, num_directions, hidden_size)`, the others are by row, `(batch, num_directions, hidden_size)`.
    `total` and `maximum` are float32 at least, the others in the plan's dtype.
    """

    outputs: Tensor
    """Each state, zero at padding."""
    last: Tensor
    """The state after the last token that the direction reads."""
    total: Tensor
    """The sum over the real tokens."""
    maximum: Tensor
    """The largest of the real tokens."""
    cells: Tensor
    """The cell state after the last token that the direction reads, if the plan was made for it."""


def start_rows(field: str, values: Tensor, num_rows: int) -> Tensor:
    """Make what a field of a group's rows starts from, before any state is collected.

    Args:
        field: of `LayerStates`, by row.
        values: one direction of the results, for size and dtype.
        num_rows: of the group.
    """
    return values.new_full((num_rows, values.shape[1]), -torch.inf if field == "maximum" else 0)


def collect_states(
    group: RowGroup, segment: Segment, direction: int, block: Tensor, wanted: Mapping[str, Tensor], *, in_place: bool
) -> None:
    """Add a segment's states to the results of a direction.

    Args:
        group: the rows.
        segment: of the group.
        direction: 0 forward, 1 reverse.
        block: the states `(steps, rows, units)`; units beyond the results' are left out.
        wanted: by field of `LayerStates`, one direction of the results: outputs by token, the others by row of the
            group, in its order, as `start_rows` makes them.
        in_place: the block may be overwritten.
    """
    num_rows = min(segment.num_rows, len(group.rows))  # the others fill up
    by_place = block.flatten(0, 1)
    if "outputs" in wanted:
        copy_to_tokens(by_place, segment, direction, wanted["outputs"])
    if "last" in wanted:
        states = by_place.index_select(0, segment.last_places)
        wanted["last"][segment.last_rows] = _cut_columns(states, wanted["last"])
    if not {"total", "maximum"} & wanted.keys():
        return
    wide = torch.promote_types(block.dtype, torch.float32)
    if block.dtype != wide:  # once, for both
        block = block.to(wide)
    elif not in_place and len(segment.padding_places):
        block = block.clone()
    if "total" in wanted:
        so_far = wanted["total"][:num_rows]
        so_far += _cut_columns(_fill_padding(block, segment, 0).sum(dim=0)[:num_rows], so_far)
    if "maximum" in wanted:
        so_far = wanted["maximum"][:num_rows]
        largest = _fill_padding(block, segment, -torch.inf).amax(dim=0)
        torch.maximum(so_far, _cut_columns(largest[:num_rows], so_far), out=so_far)


def spread_gradients(
    group: RowGroup, direction: int, blocks: Sequence[Tensor], grads: Mapping[str, Tensor], maximum: Tensor
) -> list[Tensor]:
    """Compute the gradient of each segment's states `(steps, rows, units)`.

    Args:
        group: the rows.
        direction: 0 forward, 1 reverse.
        blocks: the states of each segment, as they were collected.
        grads: by field of `LayerStates`, one direction of the results' gradients; a field may be missing.
        maximum: one direction of that result, read if `grads` has it. States that share a maximum share its gradient.
    """
    largest = shares = None
    if "maximum" in grads:
        largest = _widen(maximum.index_select(0, group.rows), blocks[0])
        num_largest = torch.zeros_like(largest, dtype=torch.float32)
        for segment, block in zip(group.segments, blocks, strict=True):
            num_rows = min(segment.num_rows, len(largest))
            num_largest[:num_rows] += _mark_largest(block, segment, largest[:num_rows]).sum(dim=0)
        shares = _widen(grads["maximum"].index_select(0, group.rows), blocks[0]) / num_largest
    spread = []
    for segment, block in zip(group.segments, blocks, strict=True):
        num_rows = min(segment.num_rows, len(group.rows))
        rows = group.rows[:num_rows]
        if "outputs" in grads:
            by_place = _widen(grads["outputs"].index_select(0, segment.tokens[direction]), block)
            grad = by_place.view_as(block)
        else:
            grad = torch.zeros_like(block)
        if "total" in grads:
            grad[:, :num_rows] += _widen(grads["total"].index_select(0, rows), block)
        if largest is not None and shares is not None:
            is_largest = _mark_largest(block, segment, largest[:num_rows])
            grad[:, :num_rows] += is_largest * shares[:num_rows].to(grad.dtype)
        _fill_padding(grad, segment, 0)
        if "last" in grads:
            states = _widen(grads["last"].index_select(0, group.rows[segment.last_rows]), block)
            grad.flatten(0, 1).index_add_(0, segment.last_places, states)
        spread.append(grad)
    return spread


def copy_to_tokens(by_place: Tensor, segment: Segment, direction: int, by_token: Tensor) -> None:
    """Copy values from a segment's places to its real tokens.

    Args:
        by_place: `(places, columns)`; columns beyond those of `by_token` are left out.
        segment: of the rows.
        direction: 0 forward, 1 reverse.
        by_token: `(batch * time, columns)`.
    """
    tokens, values = segment.tokens[direction], _cut_columns(by_place, by_token)
    if len(segment.padding_places):
        real_places = segment.list_real_places()
        tokens, values = tokens.index_select(0, real_places), values.index_select(0, real_places)
    by_token.index_copy_(0, tokens, values)


def _mark_largest(block: Tensor, segment: Segment, largest: Tensor) -> Tensor:
    """Mark the states of real tokens equal to their row's maximum.

    Args:
        block: states `(steps, rows, units)`.
        segment: of the states.
        largest: the maxima `(real rows, units)`, without the rows that fill up.

    Returns:
        bool `(steps, real rows, units)`.
    """
    is_largest = block[:, : len(largest)] == largest
    if len(segment.padding_places):
        steps, rows = segment.padding_places // segment.num_rows, segment.padding_places % segment.num_rows
        is_filled = rows < len(largest)
        is_largest[steps[is_filled], rows[is_filled]] = False
    return is_largest


def _cut_columns(values: Tensor, like: Tensor) -> Tensor:
    return values[:, : like.shape[1]]


def _widen(values: Tensor, block: Tensor) -> Tensor:
    """Cast rows to the block's dtype, and add zeros for padded units."""
    return pad_columns(values.to(block.dtype), block.shape[2])


def _fill_padding(block: Tensor, segment: Segment, value: float) -> Tensor:
    if len(segment.padding_places):
        block.flatten(0, 1).index_fill_(0, segment.padding_places, value)
    return block


def pad_columns(values: Tensor, num_columns: int) -> Tensor:
    """Add columns of zeros to `(rows, columns)`, up to `num_columns`."""
    missing = num_columns - values.shape[1]
    return functional.pad(values, (0, missing)) if missing else values
