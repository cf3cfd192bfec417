"""Calls the kernel of an LSTM on a group of rows, segment after segment, with weights of its fast sizes."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from hf_lstm.nn.cpu.plan import LayerPlan, is_wide
from hf_lstm.nn.cpu.segments import BFLOAT16_TILE, RowGroup, Segment
from hf_lstm.nn.cpu.states import pad_columns
from hf_lstm.nn.cpu.wide import FAST_FEATURES, pack_wide_weights, run_wide
from hf_lstm.runtime.devices import limit_kernel_cache

limit_kernel_cache()  # for our kernels are the ones of ever new shapes


def pad_to_tiles(plan: LayerPlan, weights: Sequence[Tensor]) -> Sequence[Tensor]:
    """Pad weights to the kernel's fast sizes.

    Added features and units have zero weights: such units stay zero and change nothing.
    """
    hidden_size, input_size = plan.hidden_size, weights[0].shape[1]
    multiple = FAST_FEATURES if is_wide(hidden_size, plan.dtype) else 2
    num_features = max(BFLOAT16_TILE, -(-input_size // multiple) * multiple)
    num_units = -(-hidden_size // BFLOAT16_TILE) * BFLOAT16_TILE
    if plan.dtype != torch.bfloat16 or (num_features, num_units) == (input_size, hidden_size):
        return weights
    features, units = (0, num_features - input_size), (0, num_units - hidden_size)
    missing = itertools.cycle([features + units, units + units, units, units])
    by_gate = [weight.reshape(4, hidden_size, *weight.shape[1:]) for weight in weights]
    return [functional.pad(gates, padding).flatten(0, 1) for gates, padding in zip(by_gate, missing, strict=False)]


def run_segments(
    group: RowGroup, direction: int, gather: Callable[[Tensor], Tensor], weights: Sequence[Tensor], *, records: bool
) -> Iterator[tuple[Segment, Tensor, Tensor, list[Tensor]]]:
    """Run a group through one direction of a layer, segment after segment.

    Args:
        group: the rows.
        direction: 0 forward, 1 reverse.
        gather: returns the features `(places, input_size)` of given tokens, numbers in the flattened `(batch, time)`.
        weights: of the direction, in the dtype to compute in, and padded to the kernel's tiles.
        records: for a backward pass.

    Yields:
        The segment, its states `(steps, rows, units)`, the cell states of its ending rows, and the graph's leaves.
    """
    num_features, num_units = weights[0].shape[1], weights[1].shape[1]
    h = c = weights[0].new_zeros(1, group.segments[0].num_rows, num_units)
    packed = None
    if records and is_wide(num_units, h.dtype):
        packed = pack_wide_weights(weights, group.segments[0].num_rows)
        c = c.to(torch.promote_types(c.dtype, torch.float32))
    for segment in group.segments:
        block = pad_columns(gather(segment.tokens[direction]).to(h.dtype), num_features)
        leaves = [block.view(segment.num_steps, segment.num_rows, num_features), *weights]
        if records:  # no two segments share a leaf, so that its gradients can be added up in float32
            leaves = [leaf.detach().requires_grad_() for leaf in leaves]
        with torch.set_grad_enabled(records):
            states = (h[:, : segment.num_rows], c[:, : segment.num_rows])
            if packed is None:
                block, h, c = torch.lstm(leaves[0], states, leaves[1:], True, 1, 0.0, records, False, False)
            else:
                block, h, c = run_wide(leaves[0], states, leaves[1:], packed)
            ending = c[0, segment.ending_rows]
        yield segment, block, ending, leaves
