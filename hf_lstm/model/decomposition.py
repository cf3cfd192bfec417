"""How much each input of a stacked LSTM adds to a linear function of its outputs, against the inputs of a reference.

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
    """What one layer computed of `rows` inputs of one length; the time runs as each direction reads."""

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
    """Return what each layer computes of inputs (rows, time, features), in their dtype and on their device."""
    num_directions = lstm.num_directions
    traces: list[LayerTrace] = []
    for layer in range(lstm.num_layers):
        directions = lstm.all_weights[layer * num_directions : (layer + 1) * num_directions]
        weights = [[weight.detach().to(inputs) for weight in direction] for direction in directions]
        traces.append(_trace_layer(inputs, weights))
        inputs = traces[-1].outputs
    return traces


def _trace_layer(inputs: Tensor, weights: Sequence[Sequence[Tensor]]) -> LayerTrace:
    """Return the trace of inputs (rows, time, features), and of weight_ih, weight_hh, bias_ih, bias_hh by direction."""
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


def find_input_multipliers(traces: Sequence[LayerTrace], output_multipliers: Tensor) -> Tensor:
    """Return `m`, (time, features), with `sum(m * (inputs[0] - inputs[1]))` exactly the sum that the outputs have.

    Args:
        traces: of two rows, the inputs that are explained and those of the reference.
        output_multipliers: `n`, (time, directions * hidden); the sum is `sum(n * (outputs[0] - outputs[1]))`.
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
    """Return the multipliers (directions, time, 4 * hidden) of the gate inputs from those of the outputs, as read."""
    input_gate, forget_gate, candidate, output_gate = trace.gate_inputs.chunk(4, dim=-1)
    cell_before = pad(trace.cells[:, :, :-1], (0, 0, 1, 0))
    through_gates = torch.cat(
        [
            _find_secant(torch.sigmoid, input_gate) * candidate.tanh().mean(dim=1),
            _find_secant(torch.sigmoid, forget_gate) * cell_before.mean(dim=1),
            _find_secant(torch.tanh, candidate) * input_gate.sigmoid().mean(dim=1),
            _find_secant(torch.sigmoid, output_gate) * trace.cells.tanh().mean(dim=1),
        ],
        dim=-1,
    ).unbind(1)
    to_cell = (_find_secant(torch.tanh, trace.cells) * output_gate.sigmoid().mean(dim=1)).unbind(1)
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


def _find_secant(function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return the slope of the sigmoid or tanh between the two rows (dimension 1) of inputs."""
    difference = inputs[:, 0] - inputs[:, 1]
    middle = function(inputs.mean(dim=1))
    slope = middle * (1 - middle) if function is torch.sigmoid else 1 - middle**2
    is_small = difference.abs() < _SMALLEST_DIFFERENCE
    outputs = function(inputs)
    return torch.where(is_small, slope, (outputs[:, 0] - outputs[:, 1]) / difference.masked_fill(is_small, 1.0))


def _order_as_read(sequences: Tensor) -> Tensor:
    """Return (directions, rows, time, features) with the time of the reverse direction turned round, there or back."""
    return torch.cat([sequences[:1], sequences[1:].flip(2)])
