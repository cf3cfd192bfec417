"""Runs an exact LSTM layer over ragged rows on CPU cores.

There is a task for each direction and group of rows. A thread runs the whole recurrence of its rows, so that cores need
not wait for each other in every time step. On two cores that is 1.2 to 1.9 times as fast as one kernel call over all
rows. Our threads also flush denormals: gradients decay to these over some hundred steps, and they slow the backward
pass down tenfold.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from hf_lstm.nn.cpu.kernel import pad_to_tiles, run_segments
from hf_lstm.nn.cpu.plan import LayerPlan
from hf_lstm.nn.cpu.segments import RowGroup
from hf_lstm.nn.cpu.states import (  # fmt: skip
    LayerStates,
    collect_states,
    copy_to_tokens,
    pad_columns,
    spread_gradients,
    start_rows,
)
from hf_lstm.nn.cpu.threads import run_in_threads

NUM_WEIGHTS = 4  # of a direction: weight_ih, weight_hh, bias_ih, bias_hh
NUM_RECORDED = 2 + 1 + NUM_WEIGHTS  # for a segment's backward pass: its two results, the block it read, the weights


def run_layer(plan: LayerPlan, inputs: Tensor, weights: Sequence[Tensor], wanted: Iterable[str]) -> LayerStates:
    """Run a layer over a batch, and return its states.

    Autograd can go back to inputs and weights.

    Args:
        plan: made for the lengths of the batch.
        inputs: `(batch * time, input_size)`; padding is never read.
        weights: weight_ih, weight_hh, bias_ih, bias_hh of the forward direction, then of the reverse one.
        wanted: fields of `LayerStates`.
    """
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (inputs, *weights)):
        weights = pad_to_tiles(plan, weights)
        return LayerStates(*_RaggedLayer.apply(plan, frozenset(wanted), inputs, *weights))  # type: ignore[no-untyped-call]
    return infer_layer(plan, lambda tokens: inputs.index_select(0, tokens), len(inputs), weights, wanted)


def infer_layer(
    plan: LayerPlan,
    gather: Callable[[Tensor], Tensor],
    num_tokens: int,
    weights: Sequence[Tensor],
    wanted: Iterable[str],
) -> LayerStates:
    """Run a layer over a batch without gradients, and return its states.

    Features are gathered when a segment needs them, so that they need not exist as a whole.

    Args:
        plan: made for the lengths of the batch.
        gather: returns the features `(places, input_size)` of given tokens, numbers in the flattened `(batch, time)`.
        num_tokens: batch * time.
        weights: weight_ih, weight_hh, bias_ih, bias_hh of the forward direction, then of the reverse one.
        wanted: fields of `LayerStates`.
    """
    states, _ = _run_tasks(plan, gather, num_tokens, weights, frozenset(wanted), records=False)
    return states


class _RaggedLayer(torch.autograd.Function):
    """Differentiates a layer, task by task in threads.

    Each task records a small graph in its thread. A thread runs it backwards, too.
    """

    @staticmethod
    def forward(
        ctx: Any, plan: LayerPlan, wanted: frozenset[str], inputs: Tensor, *weights: Tensor
    ) -> tuple[Tensor, ...]:
        states, recorded = _run_tasks(
            plan, lambda tokens: inputs.index_select(0, tokens), len(inputs), weights, wanted, records=True
        )
        ctx.set_materialize_grads(False)
        ctx.plan, ctx.inputs_shape, ctx.inputs_dtype = plan, inputs.shape, inputs.dtype
        ctx.save_for_backward(states.maximum, *itertools.chain.from_iterable(recorded))
        return tuple(states)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_states: Tensor | None) -> tuple[Tensor | None, ...]:
        plan: LayerPlan = ctx.plan
        by_field = zip(LayerStates._fields, grad_states, strict=True)
        grads = {field: grad for field, grad in by_field if grad is not None and grad.numel()}
        maximum, *saved = ctx.saved_tensors
        # one for each direction, for both write to every token
        grad_inputs = torch.zeros(plan.num_directions, *ctx.inputs_shape, dtype=ctx.inputs_dtype, device="cpu")
        recorded = iter(saved)
        tasks = [
            functools.partial(
                _differentiate_rows,
                group,
                direction,
                list(itertools.islice(recorded, NUM_RECORDED * len(group.segments))),
                {field: grad[:, direction] for field, grad in grads.items()},
                maximum[:, direction] if "maximum" in grads else maximum,
                grad_inputs[direction],
            )
            for direction, group in itertools.product(range(plan.num_directions), plan.groups)
        ]
        by_task = run_in_threads(tasks)
        by_direction = [by_task[first:][: len(plan.groups)] for first in range(0, len(tasks), len(plan.groups))]
        grad_weights = [_add_up(parts) for groups in by_direction for parts in zip(*groups, strict=True)]
        grad_sum = grad_inputs[0]
        for grad in grad_inputs[1:]:
            grad_sum.add_(grad)  # two numbers alone: their sum is rounded once, whatever the dtype
        return None, None, grad_sum, *grad_weights


def _run_tasks(
    plan: LayerPlan,
    gather: Callable[[Tensor], Tensor],
    num_tokens: int,
    weights: Sequence[Tensor],
    wanted: frozenset[str],
    *,
    records: bool,
) -> tuple[LayerStates, list[list[Tensor]]]:
    """Run a layer's tasks, one for each direction and group.

    Args:
        plan: made for the lengths of the batch.
        gather: returns the features of given tokens.
        num_tokens: batch * time.
        weights: of all directions, padded to tiles if a backward pass is to come.
        wanted: fields of `LayerStates`.
        records: for a backward pass.

    Returns:
        The layer's states, and what each task recorded for its backward pass.
    """
    states = _make_states(plan, num_tokens, wanted)
    tasks = [
        functools.partial(
            _run_rows,
            plan,
            group,
            direction,
            gather,
            weights[NUM_WEIGHTS * direction :][:NUM_WEIGHTS],
            {field: getattr(states, field)[:, direction] for field in wanted},
            records=records,
        )
        for direction, group in itertools.product(range(plan.num_directions), plan.groups)
    ]
    return states, run_in_threads(tasks)


def _make_states(plan: LayerPlan, num_tokens: int, wanted: frozenset[str]) -> LayerStates:
    num_rows = sum(len(group.rows) for group in plan.groups)
    wide = torch.promote_types(plan.dtype, torch.float32)

    def make(field: str, num_places: int, dtype: torch.dtype) -> Tensor:
        size = (num_places, plan.num_directions, plan.hidden_size)
        if field in wanted:
            return torch.zeros(size, dtype=dtype, device="cpu")
        return torch.empty(0, dtype=dtype, device="cpu")

    return LayerStates(
        outputs=make("outputs", num_tokens, plan.dtype),
        last=make("last", num_rows, plan.dtype),
        total=make("total", num_rows, wide),
        maximum=make("maximum", num_rows, wide),
        cells=make("cells", num_rows, plan.dtype),
    )


def _run_rows(
    plan: LayerPlan,
    group: RowGroup,
    direction: int,
    gather: Callable[[Tensor], Tensor],
    weights: Sequence[Tensor],
    wanted: Mapping[str, Tensor],
    *,
    records: bool,
) -> list[Tensor]:
    """Run a group's rows in one direction, and store the wanted states.

    Returns:
        With `records`, for each segment the `NUM_RECORDED` tensors of its graph: results, then leaves.
    """
    if not records:
        weights = pad_to_tiles(plan, weights)
    # Here, in a thread of one core: where all cores cast, OpenMP's threads spin for some milliseconds afterwards, and
    # take the cores from ours. That was half of the time of a text alone.
    weights = [weight.to(plan.dtype) for weight in weights]
    recorded = []
    by_row = {
        field: start_rows(field, values, len(group.rows)) for field, values in wanted.items() if field != "outputs"
    }
    collected = {**wanted, **by_row}  # in the group's order, of which each segment has the first rows
    for segment, block, ending, leaves in run_segments(group, direction, gather, weights, records=records):
        collect_states(group, segment, direction, block.detach(), collected, in_place=not records)
        if "cells" in collected:
            collected["cells"][segment.ending_rows] = ending.detach()[:, : collected["cells"].shape[1]]
        if records:
            recorded += [block, ending, *leaves]
    for field, values in by_row.items():
        wanted[field].index_copy_(0, group.rows, values)
    return recorded


def _differentiate_rows(
    group: RowGroup,
    direction: int,
    recorded: Sequence[Tensor],
    grads: Mapping[str, Tensor],
    maximum: Tensor,
    grad_inputs: Tensor,
) -> list[Tensor]:
    """Compute a group's gradients in one direction.

    Those of the inputs are stored in `grad_inputs` (tokens, input_size), those of the weights are returned.
    """
    blocks, endings = recorded[0::NUM_RECORDED], recorded[1::NUM_RECORDED]
    leaves = [tensor for index, tensor in enumerate(recorded) if index % NUM_RECORDED >= 2]
    results = list(blocks)
    grad_results = spread_gradients(group, direction, [block.detach() for block in blocks], grads, maximum)
    if "cells" in grads:
        results += endings
        for segment, ending in zip(group.segments, endings, strict=True):
            grad = grads["cells"].index_select(0, group.rows[segment.ending_rows])
            grad_results.append(pad_columns(grad.to(ending.dtype), ending.shape[1]))
    # kept for those who go backwards twice; it is freed with the saved tensors
    found = torch.autograd.grad(results, leaves, grad_results, retain_graph=True)
    for segment, grad in zip(group.segments, found[:: 1 + NUM_WEIGHTS], strict=True):
        copy_to_tokens(grad.flatten(0, 1).to(grad_inputs.dtype), segment, direction, grad_inputs)
    return [_add_up(found[1 + weight :: 1 + NUM_WEIGHTS]) for weight in range(NUM_WEIGHTS)]


def _add_up(parts: Sequence[Tensor]) -> Tensor:
    """Add up tensors of one shape, those in bfloat16 in float32."""
    total = parts[0].float() if parts[0].dtype == torch.bfloat16 else parts[0]
    for part in parts[1:]:
        total = total + part
    return total
