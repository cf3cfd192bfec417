"""What the last layer says of each row as a whole, found while its states are at hand: for inference on CPU cores.

States that are pooled where they arise need not be written out, token by token, to be read once more: that and the
embedding of padding took two thirds of the time of a bfloat16 prediction.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hf_lstm.cpu_lstm import NUM_WEIGHTS, LayerPlan, pad_to_tiles, run_segments
from hf_lstm.cpu_threads import run_in_threads
from hf_lstm.ragged_rows import RowGroup, Segment


@dataclasses.dataclass(frozen=True, slots=True)
class RowSummaries:
    """Of each row's states `(batch, num_directions * hidden_size)`, float32."""

    last: Tensor
    """The state after the last token that the direction reads."""
    total: Tensor
    """The sum over the real tokens."""
    maximum: Tensor
    """The largest of the real tokens."""


def summarize_layer(
    plan: LayerPlan, read: Callable[[Tensor], Tensor], weights: Sequence[Tensor], kinds: frozenset[str]
) -> RowSummaries:
    """Return summaries of a layer's states, without gradients.

    Args:
        plan: made for the lengths of the batch.
        read: returns the features `(places, input_size)` of tokens, which count the flattened `(batch, time)`.
        weights: weight_ih, weight_hh, bias_ih, bias_hh of the forward direction, then of the reverse one.
        kinds: names of `RowSummaries`' fields; the others are left empty.
    """
    weights = [weight.to(plan.dtype) for weight in pad_to_tiles(plan, weights)]
    batch = sum(len(group.rows) for group in plan.groups)
    shape = (batch, plan.num_directions, plan.hidden_size)
    summaries = {
        field.name: torch.empty(shape if field.name in kinds else (0, *shape[1:]))
        for field in dataclasses.fields(RowSummaries)
    }
    run_in_threads(
        [
            functools.partial(
                _summarize_rows,
                group,
                direction,
                read,
                weights[NUM_WEIGHTS * direction :][:NUM_WEIGHTS],
                {kind: summaries[kind][:, direction] for kind in kinds},
            )
            for direction, group in itertools.product(range(plan.num_directions), plan.groups)
        ]
    )
    return RowSummaries(**{name: summary.flatten(1) for name, summary in summaries.items()})


def _summarize_rows(
    group: RowGroup,
    direction: int,
    read: Callable[[Tensor], Tensor],
    weights: Sequence[Tensor],
    summaries: dict[str, Tensor],
) -> None:
    """Fill in the group's part of the summaries `(batch, hidden_size)`."""
    shape = (group.segments[0].num_rows, weights[1].shape[1])
    found = {
        "last": torch.empty(shape),
        "total": torch.zeros(shape),
        "maximum": torch.full(shape, -torch.inf),
    }
    for segment, block, _, _ in run_segments(group, direction, read, weights, records=False):
        if "last" in summaries:
            found["last"][segment.last_rows] = block.flatten(0, 1).index_select(0, segment.last).float()
        if "total" in summaries:
            found["total"][: segment.num_rows] += _fill_padding(block, segment, 0).sum(dim=0, dtype=torch.float32)
        if "maximum" in summaries:
            so_far = found["maximum"][: segment.num_rows]
            torch.maximum(so_far, _find_maximum(_fill_padding(block, segment, -torch.inf)).float(), out=so_far)
    for kind, summary in summaries.items():
        summary.index_copy_(0, group.rows, found[kind][: len(group.rows), : summary.shape[1]])


def _fill_padding(block: Tensor, segment: Segment, value: float) -> Tensor:
    if len(segment.padding):
        block.flatten(0, 1).index_fill_(0, segment.padding, value)
    return block


def _find_maximum(block: Tensor) -> Tensor:
    """Return the maximum over the steps of `(steps, rows, units)`, which are overwritten.

    By halves, which takes less than half the time of `amax` in bfloat16.
    """
    num_steps = len(block)
    while num_steps > 1:
        half = num_steps // 2
        torch.maximum(block[:half], block[num_steps - half : num_steps], out=block[:half])
        num_steps -= half
    return block[0]
