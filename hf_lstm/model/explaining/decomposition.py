"""Divides a difference between an LSTM's outputs among its inputs.

Two rows are compared: the inputs to explain, and those of a reference. What a linear function of the outputs differs by
is divided exactly among the inputs of the stacked LSTM.

Reference:
    The rescale rule of Shrikumar et al., "Learning Important Features Through Propagating Activation Differences"
    (DeepLIFT, 2017) for the sigmoid and tanh, and the Shapley values of a product of two, as in Lundberg and Lee, "A
    Unified Approach to Interpreting Model Predictions" (2017), for what the gates multiply.
"""

import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from hf_lstm.nn.ragged_lstm import RaggedLSTM

_SMALLEST_DIFFERENCE = 1e-4  # float64 keeps 12 digits of a quotient of differences this small


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class LayerTrace:
    """Holds a layer's weights, and what it computed of rows of one length.

    The time runs as each direction reads, but in `outputs`.
    """

    weight_ih: Tensor
    """(directions, 4 * hidden, features)"""
    weight_hh: Tensor
    """(directions, 4 * hidden, hidden)"""
    gate_inputs: Tensor
    """(directions, rows, time, 4 * hidden): of input, forget, cell and output gates, before their sigmoid or tanh"""
    cells: Tensor
    """(directions, rows, time, hidden)"""
    outputs: Tensor
    """(rows, time, directions * hidden), the time in the order of the text"""


def trace_lstm(lstm: RaggedLSTM, inputs: Tensor) -> list[LayerTrace]:
    """Trace what each layer computes of inputs (rows, time, features).

    It is computed in their dtype and on their device.
    """
    num_directions = lstm.num_directions
    traces: list[LayerTrace] = []
    for layer in range(lstm.num_layers):
        directions = lstm.all_weights[layer * num_directions : (layer + 1) * num_directions]
        weights = [[weight.detach().to(inputs) for weight in direction] for direction in directions]
        traces.append(_trace_layer(inputs, weights))
        inputs = traces[-1].outputs
    return traces


def _trace_layer(inputs: Tensor, weights: Sequence[Sequence[Tensor]]) -> LayerTrace:
    """Trace what one layer computes of inputs (rows, time, features).

    Its weights are weight_ih, weight_hh, bias_ih and bias_hh of each direction.
    """
    num_directions = len(weights)
    weight_ih, weight_hh, bias_ih, bias_hh = map(torch.stack, zip(*weights, strict=True))
    state = inputs.new_zeros(num_directions, len(inputs), weight_hh.shape[2])
    flat = [weight for direction in weights for weight in direction]
    outputs, _, _ = torch.lstm(inputs, (state, state), flat, True, 1, 0.0, False, num_directions == 2, True)
    # The kernel keeps neither gates nor cells. With all outputs at hand, the gates of all steps are two products.
    ordered = _order_as_read(inputs[None].expand(num_directions, -1, -1, -1))
    before = pad(_order_as_read(torch.stack(outputs.chunk(num_directions, dim=-1)))[:, :, :-1], (0, 0, 1, 0))
    gate_inputs = ordered @ weight_ih.mT[:, None] + before @ weight_hh.mT[:, None] + (bias_ih + bias_hh)[:, None, None]
    input_gate, forget_gate, candidate, _ = gate_inputs.chunk(4, dim=-1)
    added, kept = input_gate.sigmoid() * candidate.tanh(), forget_gate.sigmoid()
    cells = [added[:, :, 0]]
    for now, share in zip(added.unbind(2)[1:], kept.unbind(2)[1:], strict=True):
        cells.append(torch.addcmul(now, cells[-1], share))
    return LayerTrace(weight_ih, weight_hh, gate_inputs, torch.stack(cells, dim=2), outputs)


def compute_input_multipliers(traces: Sequence[LayerTrace], output_multipliers: Tensor) -> Tensor:
    """Compute the inputs' multipliers from those of the outputs.

    Args:
        traces: of two rows, the inputs to explain and those of the reference.
        output_multipliers: `n`, (time, directions * hidden).

    Returns:
        `m`, (time, features): `sum(m * (inputs[0] - inputs[1]))` is exactly `sum(n * (outputs[0] - outputs[1]))`.
    """
    multipliers = output_multipliers
    for trace in reversed(traces):
        num_directions = len(trace.cells)
        by_direction = torch.stack(multipliers.chunk(num_directions, dim=-1))[:, None]
        ordered = _order_as_read(by_direction)[:, 0]
        gate_multipliers = _go_back_through_time(trace, ordered)
        multipliers = _order_as_read((gate_multipliers @ trace.weight_ih)[:, None])[:, 0].sum(dim=0)
    return multipliers


def _go_back_through_time(trace: LayerTrace, output_multipliers: Tensor) -> Tensor:
    """Compute the gate inputs' multipliers from those of the outputs, as read.

    Returns:
        (directions, time, 4 * hidden).
    """
    input_gate, forget_gate, candidate, output_gate = trace.gate_inputs.chunk(4, dim=-1)
    cell_before = pad(trace.cells[:, :, :-1], (0, 0, 1, 0))
    through_gates = torch.cat(
        [
            _compute_secants(torch.sigmoid, input_gate) * candidate.tanh().mean(dim=1),
            _compute_secants(torch.sigmoid, forget_gate) * cell_before.mean(dim=1),
            _compute_secants(torch.tanh, candidate) * input_gate.sigmoid().mean(dim=1),
            _compute_secants(torch.sigmoid, output_gate) * trace.cells.tanh().mean(dim=1),
        ],
        dim=-1,
    ).unbind(1)
    to_cell = (_compute_secants(torch.tanh, trace.cells) * output_gate.sigmoid().mean(dim=1)).unbind(1)
    to_cell_before = forget_gate.sigmoid().mean(dim=1).unbind(1)
    output = cell = torch.zeros_like(output_multipliers[:, 0])
    multipliers = []
    for time in reversed(range(len(to_cell))):
        output = output + output_multipliers[:, time]
        cell = cell + output * to_cell[time]
        multipliers.append(torch.cat([cell, cell, cell, output], dim=-1) * through_gates[time])
        output = torch.bmm(multipliers[-1][:, None], trace.weight_hh)[:, 0]
        cell = cell * to_cell_before[time]
    return torch.stack(multipliers[::-1], dim=1)


def _compute_secants(function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Compute the slope of the sigmoid or tanh between two rows (dimension 1)."""
    difference = inputs[:, 0] - inputs[:, 1]
    middle = function(inputs.mean(dim=1))
    slope = middle * (1 - middle) if function is torch.sigmoid else 1 - middle**2
    is_small = difference.abs() < _SMALLEST_DIFFERENCE
    outputs = function(inputs)
    return torch.where(is_small, slope, (outputs[:, 0] - outputs[:, 1]) / difference.masked_fill(is_small, 1.0))


def _order_as_read(sequences: Tensor) -> Tensor:
    """Turn round the time of the reverse direction, there or back.

    `sequences` are (directions, rows, time, features).
    """
    return torch.cat([sequences[:1], sequences[1:].flip(2)])
