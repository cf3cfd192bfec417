"""Trains wide LSTMs on CPU cores, with as much as can be in large matrix products.

PyTorch's kernel packs its weights at each call, and adds to the gradients of all weights at each time step: that is
more memory than a core's cache holds. Here only the recurrence goes step by step, with weights packed once, activations
applied in the product, and cell states in float32. The gradients of weights and inputs are one product each, over all
steps of a segment.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

FAST_FEATURES = 32
"""Products of a multiple of it are up to half as fast again: AMX multiplies so many bfloat16 numbers at a time."""
_TRANSPOSED_PLACES = 64
"""Transposed at once: a core's first cache holds their numbers of some features. All at once takes twice as long."""
_SCALES = (0.5, 0.5, 1.0, 0.5)
"""Of the sums of i, f, g and o: a gate is kept as `tanh(x / 2)`, for `sigmoid(x)` is `(1 + tanh(x / 2)) / 2`. Rounded
to bfloat16, this loses less of a gate that is half open. Powers of two, so that scaled weights are exact."""
_BACK_SCALES = (0.25, 0.25, 0.5, 0.25)
"""Of the gradients that `_differentiate_step` stores."""


class _Product:
    """Multiplies rows by a weight packed for it, and applies an activation.

    Args:
        weight: `(outputs, features)`.
        bias: `(outputs,)`, or None.
        activation: `tanh` or `none`; it is applied before the result is rounded.
        num_rows: how many rows it is packed for; others are possible.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: str, num_rows: int) -> None:
        self._is_packed = _can_pack(weight.dtype)
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, num_rows) if self._is_packed else weight
        self._bias = bias
        self._activation = activation

    def __call__(self, rows: Tensor) -> Tensor:
        """Compute `(rows, outputs)` of `(rows, features)`."""
        if self._is_packed:
            multiply = torch.ops.mkldnn._linear_pointwise
            product: Tensor = multiply(rows, self._weight, self._bias, self._activation, [], "")
            return product
        product = functional.linear(rows, self._weight, self._bias)
        return product.tanh_() if self._activation == "tanh" else product

    def add(self, rows: Tensor, others: Tensor) -> Tensor:
        """Compute `(rows, outputs)` of `(rows, features)`, and add others, without an activation."""
        if self._is_packed:
            multiply = torch.ops.mkldnn._linear_pointwise.binary
            product: Tensor = multiply(rows, others, self._weight, self._bias, "add")
            return product
        return self(rows).add_(others)


def _can_pack(dtype: torch.dtype) -> bool:
    """Return whether oneDNN multiplies by packed weights of a dtype here."""
    if not torch._C._has_mkldnn or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    return dtype == torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class WideWeights(NamedTuple):
    """Holds the weights of a direction, packed for each step's products."""

    gates: _Product
    """Of input and state `(rows, features + units)`, to tanh of the scaled sums of i, f, g and o."""
    back: _Product
    """Of the gradients that are stored for a step, to the state's."""
    scaled_weight_ih: Tensor
    """Of the same, to the input's."""


def pack_wide_weights(weights: Sequence[Tensor], num_rows: int) -> WideWeights:
    """Pack a direction's weights.

    Args:
        weights: weight_ih, weight_hh, bias_ih, bias_hh, in the dtype to compute in.
        num_rows: of a step.
    """
    with torch.no_grad():
        joined = _scale(torch.cat(list(weights[:2]), dim=1), _SCALES)
        bias = _scale(weights[2] + weights[3], _SCALES)
        weight_ih, weight_hh = (_scale(weight.clone(), _BACK_SCALES) for weight in weights[:2])
        return WideWeights(
            gates=_Product(joined, bias, "tanh", num_rows),
            back=_Product(weight_hh.T.contiguous(), None, "none", num_rows),
            scaled_weight_ih=weight_ih,
        )


def _scale(by_gate: Tensor, scales: Sequence[float]) -> Tensor:
    """Multiply the rows of i, f, g and o, `(4 * units, ...)`, by a number each, in place."""
    for rows, scale in zip(by_gate.chunk(4), scales, strict=True):
        rows.mul_(scale)
    return by_gate


def run_wide(
    inputs: Tensor, states: tuple[Tensor, Tensor], weights: Sequence[Tensor], packed: WideWeights
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a direction over a padded block as `torch.lstm` does, so that autograd can go back.

    Args:
        inputs: `(steps, rows, features)`.
        states: the first hidden states `(1, rows, units)`, and cell states, which are at least float32.
        weights: weight_ih, weight_hh, bias_ih, bias_hh, in the dtype of `inputs`.
        packed: of these weights.

    Returns:
        The states `(steps, rows, units)`, and the last hidden and cell states, shaped as `states`.
    """
    block, h, c = _WideBlock.apply(packed, inputs, states[0][0], states[1][0], *weights)  # type: ignore[no-untyped-call]
    return block, h[None], c[None]


class _WideBlock(torch.autograd.Function):
    """Keeps what each step read, its gates and its cell states."""

    @staticmethod
    def forward(
        ctx: Any, packed: WideWeights, inputs: Tensor, h: Tensor, c: Tensor, *weights: Tensor
    ) -> tuple[Tensor, ...]:
        num_steps, num_rows, num_features = inputs.shape
        read = inputs.new_zeros(num_steps + 1, num_rows, num_features + h.shape[1])  # each step's input and state
        read[:-1, :, :num_features] = inputs
        hidden = read[:, :, num_features:]
        hidden[0] = h
        gates, cells = [], [c.contiguous()]
        wide = c.new_empty(num_rows, len(weights[0]))
        i, f, g, o = wide.chunk(4, dim=1)  # i, f and o as tanh
        entering, staying = torch.empty_like(c), torch.empty_like(c)  # twice as much of it
        for step in range(num_steps):
            gates.append(packed.gates(read[step]))
            wide.copy_(gates[-1])
            torch.addcmul(g, i, g, out=entering)
            torch.addcmul(cells[-1], f, cells[-1], out=staying)
            cells.append(torch.lerp(entering, staying, 0.5))
            squashed = torch.tanh(cells[-1], out=entering)
            hidden[step + 1] = torch.addcmul(squashed, o, squashed, out=staying).mul_(0.5)
        ctx.set_materialize_grads(False)
        ctx.packed, ctx.num_features = packed, num_features
        ctx.save_for_backward(read, *gates, *cells)
        return hidden[1:], hidden[-1].clone(), cells[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad_block: Tensor | None, grad_h: Tensor | None, grad_c: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        packed: WideWeights = ctx.packed
        read, *saved = ctx.saved_tensors
        num_steps = len(read) - 1
        gates, cells = saved[:num_steps], saved[num_steps:]
        stored = read.new_empty(num_steps, *gates[0].shape)
        step_back = _StepBack(cells[0], grad_c)
        if grad_h is None:
            grad_h = read.new_zeros(cells[0].shape)
        if grad_block is not None:
            grad_h = grad_h + grad_block[-1]
        for step in reversed(range(num_steps)):
            step_back(grad_h, gates[step], cells[step], cells[step + 1], stored[step])
            if grad_block is None or step == 0:
                grad_h = packed.back(stored[step])
            else:
                grad_h = packed.back.add(stored[step], grad_block[step - 1])
        by_place = stored.flatten(0, 1)
        grad_inputs = (by_place @ packed.scaled_weight_ih).view(num_steps, -1, ctx.num_features)
        grad_weights = _differentiate_weights(read[:-1].flatten(0, 1), by_place, ctx.num_features)
        return None, grad_inputs, grad_h, step_back.grad_c, *grad_weights


class _StepBack:
    """Goes back through the gates, step after step, in memory that is taken once.

    Args:
        cells: cell states `(rows, units)`, for their size and dtype.
        grad_c: the gradient of the last cell states; None for zeros.

    Attributes:
        grad_c: the gradient of the cell states before the step that was gone through.
    """

    def __init__(self, cells: Tensor, grad_c: Tensor | None) -> None:
        self.grad_c = torch.zeros_like(cells) if grad_c is None else grad_c.clone()
        self._grad_h, self._squashed, self._by_states = (torch.empty_like(cells) for _ in range(3))
        self._gates = cells.new_empty(len(cells), 4 * cells.shape[1])
        self._grads = torch.empty_like(self._gates)
        self._by_gate, self._grads_by_gate = self._gates.chunk(4, dim=1), self._grads.chunk(4, dim=1)

    def __call__(self, grad_h: Tensor, gates: Tensor, before: Tensor, after: Tensor, stored: Tensor) -> None:
        """Compute the gradients of a step's sums, and of the cell states before it.

        Args:
            grad_h: of the step's states `(rows, units)`.
            gates: tanh of the scaled sums, `(rows, 4 * units)`.
            before: the cell states before the step.
            after: those after it.
            stored: gets the gradients `(rows, 4 * units)` over `_BACK_SCALES`.
        """
        grad_c, grad_h = self.grad_c, self._grad_h.copy_(grad_h)
        self._gates.copy_(gates)
        i, f, g, o = self._by_gate  # i, f and o as tanh: half of `x + i * x` gets through
        squashed = torch.tanh(after, out=self._squashed)
        by_states = torch.addcmul(grad_h, grad_h, o, out=self._by_states)
        torch.ops.aten.tanh_backward.grad_input(by_states, squashed, grad_input=by_states)
        grad_c.add_(by_states, alpha=0.5)
        of_i, of_f, of_g, of_o = self._grads_by_gate
        torch.mul(grad_c, g, out=of_i)
        torch.mul(grad_c, before, out=of_f)
        torch.addcmul(grad_c, grad_c, i, out=of_g)
        torch.mul(grad_h, squashed, out=of_o)
        torch.ops.aten.tanh_backward.grad_input(self._grads, self._gates, grad_input=self._grads)
        stored.copy_(self._grads)
        grad_c.addcmul_(grad_c, f).mul_(0.5)


def _differentiate_weights(read: Tensor, by_place: Tensor, num_features: int) -> tuple[Tensor, ...]:
    """Compute the gradients of weight_ih, weight_hh, bias_ih and bias_hh.

    Args:
        read: inputs and states that the places read, `(places, features + units)`.
        by_place: what `_StepBack` stored, `(places, 4 * units)`.
        num_features: of the inputs.
    """
    # Transposed, since oneDNN is faster with the smaller factor's rows in order. A column of ones is for the biases.
    transposed = read.new_ones(read.shape[1] + 1, len(read))
    for first in range(0, len(read), _TRANSPOSED_PLACES):
        places = slice(first, first + _TRANSPOSED_PLACES)
        transposed[:-1, places] = read[places].T
    joined = _scale((transposed @ by_place).T, _BACK_SCALES)
    return joined[:, :num_features], joined[:, num_features:-1], joined[:, -1], joined[:, -1]
