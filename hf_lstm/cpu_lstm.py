"""One exact LSTM layer over ragged rows on CPU cores, with a thread for each direction and group of rows.

A thread runs the whole recurrence of its rows, which spares the cores the barriers inside every time step: on two cores
1.2 to 1.9 times as fast as one kernel call over all rows. And the threads are ours to set up: they flush denormals, to
which gradients decay over some hundred steps, and which slow the backward pass down tenfold.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from hf_lstm.cpu_threads import run_in_threads
from hf_lstm.ragged_rows import RowGroup, Segment, group_rows

MIN_ROWS_PER_THREAD = 4
# The bfloat16 kernel has tiles of 16 rows by 16 units, reads features in pairs, and is up to 5 times slower otherwise.
BFLOAT16_TILE = 16
# A segment's backward pass needs a block of memory. glibc has up to 64 MiB at hand for a thread; larger ones come
# from the system each time anew, zeroed page by page: a fifth of a training step.
MAX_WORKSPACE_BYTES = 48 * 2**20
WORKSPACE_BYTES_PER_FEATURE = 64  # at each place, at most; of the larger of features and units
# Without a backward pass, a segment's states are read again at once, from a core's own cache if they fit into it.
MAX_STATES_BYTES = 2 * 2**20
NUM_WEIGHTS = 4  # of a direction: weight_ih, weight_hh, bias_ih, bias_hh
NUM_RECORDED = 2 + 1 + NUM_WEIGHTS  # for a segment's backward pass: its two results, the block it read, the weights


@dataclasses.dataclass(frozen=True, slots=True)
class LayerPlan:
    """How a batch runs through a layer, and in which dtype."""

    groups: list[RowGroup]
    num_directions: int
    hidden_size: int
    dtype: torch.dtype


def plan_layer(
    lengths: Tensor,
    time: int,
    *,
    num_directions: int,
    hidden_size: int,
    widest_input: int,
    dtype: torch.dtype,
    need_cell_states: bool,
) -> LayerPlan:
    """Return a plan for right-padded rows, for as many threads as `torch.get_num_threads` allows.

    Args:
        lengths: int64 `(batch,)`, each in 1..time.
        time: steps of the padded batch.
        num_directions: 2 where each row is also read from its end, else 1.
        hidden_size: units per direction.
        widest_input: features per step of the layer that reads most of them.
        dtype: to compute in.
        need_cell_states: have the layer return them at the rows' ends, which takes more segments.
    """
    if torch.is_grad_enabled():
        max_places = MAX_WORKSPACE_BYTES // (WORKSPACE_BYTES_PER_FEATURE * max(hidden_size, widest_input))
    else:
        max_places = MAX_STATES_BYTES // (dtype.itemsize * hidden_size)
    groups = group_rows(
        lengths,
        time,
        num_groups=max(1, min(torch.get_num_threads() // num_directions, len(lengths) // MIN_ROWS_PER_THREAD)),
        row_multiple=BFLOAT16_TILE if dtype == torch.bfloat16 and not need_cell_states else 1,
        max_places=max_places,
        cut_at_each_length=need_cell_states,
    )
    return LayerPlan(groups, num_directions, hidden_size, dtype)


def run_layer(plan: LayerPlan, inputs: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the outputs and the last cell states of one layer.

    Args:
        plan: made for the lengths of the batch.
        inputs: `(batch, time, input_size)`; padding is never read.
        weights: weight_ih, weight_hh, bias_ih, bias_hh of the forward direction, then of the reverse one.

    Returns:
        Outputs `(batch, time, num_directions * hidden_size)`, zero at padding. Cell states
        `(num_directions, batch, hidden_size)`, which are those of the rows' ends only if the plan was made for them.
        Both in the plan's dtype.
    """
    weights = pad_to_tiles(plan, weights)
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (inputs, *weights)):
        outputs, cell_states = _RaggedLayer.apply(plan, inputs, *weights)  # type: ignore[no-untyped-call]
        return outputs, cell_states
    return _run_tasks(plan, inputs, weights, records=False)[:2]


def pad_to_tiles(plan: LayerPlan, weights: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return weights for as many features and units as the kernel is fast with.

    Those that come on top have zero weights: such units stay zero and change nothing.
    """
    hidden_size, input_size = plan.hidden_size, weights[0].shape[1]
    num_features = max(BFLOAT16_TILE, input_size + input_size % 2)
    num_units = -(-hidden_size // BFLOAT16_TILE) * BFLOAT16_TILE
    if plan.dtype != torch.bfloat16 or (num_features, num_units) == (input_size, hidden_size):
        return weights
    features, units = (0, num_features - input_size), (0, num_units - hidden_size)
    missing = itertools.cycle([features + units, units + units, units, units])
    by_gate = [weight.reshape(4, hidden_size, *weight.shape[1:]) for weight in weights]
    return [functional.pad(gates, padding).flatten(0, 1) for gates, padding in zip(by_gate, missing, strict=False)]


def _run_tasks(
    plan: LayerPlan, inputs: Tensor, weights: Sequence[Tensor], *, records: bool
) -> tuple[Tensor, Tensor, list[list[Tensor]]]:
    """Return a layer's outputs and cell states, and what each task recorded for its backward pass."""
    batch, time, _ = inputs.shape
    tokens = inputs.reshape(batch * time, -1)
    outputs = tokens.new_zeros(batch * time, plan.num_directions, plan.hidden_size, dtype=plan.dtype)
    cell_states = outputs.new_empty(plan.num_directions, batch, plan.hidden_size)
    weights = [weight.to(plan.dtype) for weight in weights]
    tasks = [
        functools.partial(
            _run_rows,
            group,
            direction,
            tokens,
            weights[NUM_WEIGHTS * direction :][:NUM_WEIGHTS],
            outputs[:, direction],
            cell_states[direction],
            records=records,
        )
        for direction, group in itertools.product(range(plan.num_directions), plan.groups)
    ]
    recorded = run_in_threads(tasks)
    return outputs.view(batch, time, -1), cell_states, recorded


class _RaggedLayer(torch.autograd.Function):
    """Records a small graph for each task in its thread, and runs it backwards in a thread."""

    @staticmethod
    def forward(ctx: Any, plan: LayerPlan, inputs: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        outputs, cell_states, recorded = _run_tasks(plan, inputs, weights, records=True)
        ctx.plan, ctx.inputs_shape, ctx.inputs_dtype = plan, inputs.shape, inputs.dtype
        ctx.save_for_backward(*itertools.chain.from_iterable(recorded))
        return outputs, cell_states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_outputs: Tensor, grad_cell_states: Tensor) -> tuple[Tensor | None, ...]:
        plan: LayerPlan = ctx.plan
        batch, time, input_size = ctx.inputs_shape
        grad_outputs = grad_outputs.reshape(batch * time, plan.num_directions, plan.hidden_size)
        # one for each direction, for both write to every token
        grad_inputs = grad_outputs.new_zeros(plan.num_directions, batch * time, input_size, dtype=ctx.inputs_dtype)
        recorded = iter(ctx.saved_tensors)
        tasks = [
            functools.partial(
                _differentiate_rows,
                group,
                direction,
                list(itertools.islice(recorded, NUM_RECORDED * len(group.segments))),
                grad_outputs[:, direction],
                grad_cell_states[direction],
                grad_inputs[direction],
            )
            for direction, group in itertools.product(range(plan.num_directions), plan.groups)
        ]
        by_task = run_in_threads(tasks)
        by_direction = [by_task[first:][: len(plan.groups)] for first in range(0, len(tasks), len(plan.groups))]
        grad_weights = [_add_up(parts) for groups in by_direction for parts in zip(*groups, strict=True)]
        return None, _add_up(grad_inputs).view(batch, time, input_size), *grad_weights


def _run_rows(
    group: RowGroup,
    direction: int,
    tokens: Tensor,
    weights: Sequence[Tensor],
    outputs: Tensor,
    cell_states: Tensor,
    *,
    records: bool,
) -> list[Tensor]:
    """Fill in the group's part of `outputs` (tokens, hidden_size) and `cell_states` (batch, hidden_size).

    Returns:
        With `records`, for each segment the `NUM_RECORDED` tensors of its graph: results, then leaves.
    """
    recorded = []
    hidden_size = outputs.shape[1]
    for segment, block, ending, leaves in run_segments(
        group, direction, lambda places: tokens.index_select(0, places), weights, records=records
    ):
        _write_real(block.detach().flatten(0, 1)[:, :hidden_size], segment, direction, outputs)
        cell_states.index_copy_(0, group.rows[segment.ending], ending.detach()[:, :hidden_size])
        if records:
            recorded += [block, ending, *leaves]
    return recorded


def run_segments(
    group: RowGroup, direction: int, read: Callable[[Tensor], Tensor], weights: Sequence[Tensor], *, records: bool
) -> Iterator[tuple[Segment, Tensor, Tensor, list[Tensor]]]:
    """Run some rows through one direction of a layer, segment after segment.

    Args:
        group: the rows.
        direction: 0 forward, 1 reverse.
        read: returns the features `(places, input_size)` of tokens, which count the flattened `(batch, time)`.
        weights: of the direction, in the dtype to compute in, and padded to the kernel's tiles.
        records: for a backward pass.

    Yields:
        The segment, its states `(steps, rows, units)`, the cell states of its ending rows, and the graph's leaves.
    """
    num_features, num_units = weights[0].shape[1], weights[1].shape[1]
    h = c = weights[0].new_zeros(1, group.segments[0].num_rows, num_units)
    for segment in group.segments:
        block = _pad_columns(read(segment.tokens[direction]).to(h.dtype), num_features)
        leaves = [block.view(segment.num_steps, segment.num_rows, num_features), *weights]
        if records:  # no two segments share a leaf, so that its gradients can be added up in float32
            leaves = [leaf.detach().requires_grad_() for leaf in leaves]
        with torch.set_grad_enabled(records):
            states = (h[:, : segment.num_rows], c[:, : segment.num_rows])
            block, h, c = torch.lstm(leaves[0], states, leaves[1:], True, 1, 0.0, records, False, False)
            ending = c[0, segment.ending]
        yield segment, block, ending, leaves


def _differentiate_rows(
    group: RowGroup,
    direction: int,
    recorded: Sequence[Tensor],
    grad_outputs: Tensor,
    grad_cell_states: Tensor,
    grad_inputs: Tensor,
) -> list[Tensor]:
    """Fill in the group's part of `grad_inputs` (tokens, input_size) and return the gradients of the weights."""
    blocks, endings = recorded[0::NUM_RECORDED], recorded[1::NUM_RECORDED]
    leaves = [tensor for index, tensor in enumerate(recorded) if index % NUM_RECORDED >= 2]
    grad_blocks, grad_endings = [], []
    for segment, block in zip(group.segments, blocks, strict=True):
        grad = grad_outputs.index_select(0, segment.tokens[direction]).index_fill_(0, segment.padding, 0)
        grad_blocks.append(_pad_columns(grad, block.shape[2]).view_as(block))
        grad = grad_cell_states.index_select(0, group.rows[segment.ending])
        grad_endings.append(_pad_columns(grad, block.shape[2]))
    # kept for those who go backwards twice; it is freed with the saved tensors
    grads = torch.autograd.grad([*blocks, *endings], leaves, [*grad_blocks, *grad_endings], retain_graph=True)
    for segment, grad in zip(group.segments, grads[:: 1 + NUM_WEIGHTS], strict=True):
        grad = grad.flatten(0, 1)[:, : grad_inputs.shape[1]].to(grad_inputs.dtype)
        _write_real(grad, segment, direction, grad_inputs)
    return [_add_up(grads[1 + weight :: 1 + NUM_WEIGHTS]) for weight in range(NUM_WEIGHTS)]


def _pad_columns(values: Tensor, num_columns: int) -> Tensor:
    missing = num_columns - values.shape[1]
    return functional.pad(values, (0, missing)) if missing else values


def _write_real(values: Tensor, segment: Segment, direction: int, by_token: Tensor) -> None:
    tokens = segment.tokens[direction]
    if len(segment.padding):
        tokens, values = tokens.index_select(0, segment.real), values.index_select(0, segment.real)
    by_token.index_copy_(0, tokens, values)


def _add_up(parts: Sequence[Tensor] | Tensor) -> Tensor:
    """Return the sum of tensors of one shape; of bfloat16 ones in float32."""
    total = parts[0].float() if parts[0].dtype == torch.bfloat16 else parts[0]
    for part in parts[1:]:
        total = total + part
    return total
