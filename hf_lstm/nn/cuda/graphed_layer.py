"""Replays a layer's forward and backward pass as CUDA graphs.

A time step of an LSTM is two small kernels, and to launch them takes longer than to run them. A graph launches all of
them at once, and both directions side by side.

Reference:
    https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

ROWS_PER_STEP, TIME_STEP = 32, 50
"""Batches are filled up to a multiple of these: each shape needs graphs of its own."""
MAX_SHAPES = 16
"""Shapes whose graphs are kept; each holds the states of a forward pass."""
_NUM_WARMUPS = 3


class GraphedLayers:
    """Keeps the graphs of one LSTM layer, one pair for each shape of a batch."""

    def __init__(self) -> None:
        self._layers: dict[tuple[int, int], GraphedLayer] = {}

    def __reduce__(self) -> tuple[type["GraphedLayers"], tuple[()]]:
        """Have a copy make graphs of its own."""
        return GraphedLayers, ()

    def run(self, inputs: Tensor, lengths: Tensor, weights: Sequence[Sequence[Tensor]]) -> tuple[Tensor, Tensor] | None:
        """Compute the outputs and the last states of a layer; None if there are too many shapes.

        A forward pass must be followed by its backward pass, if any, before the next forward pass.

        Args:
            inputs: `(batch, time, input_size)`, in the dtype to compute in.
            lengths: int64 `(batch,)` on the CPU.
            weights: of each direction weight_ih, weight_hh, bias_ih and bias_hh, in that dtype. They must not be
                leaves: their gradients are overwritten by the next backward pass.

        Returns:
            `(batch, time, num_directions * hidden_size)`, zero at padding, and `(num_directions, batch, hidden_size)`.
        """
        batch, time, size = inputs.shape
        shape = (-(-batch // ROWS_PER_STEP) * ROWS_PER_STEP, -(-time // TIME_STEP) * TIME_STEP)
        if shape not in self._layers and len(self._layers) >= MAX_SHAPES:
            return None
        inputs = torch.nn.functional.pad(inputs, (0, 0, 0, shape[1] - time, 0, shape[0] - batch))
        lengths = torch.nn.functional.pad(lengths, (0, shape[0] - batch), value=1).to(inputs.device, non_blocking=True)
        if shape not in self._layers:
            self._layers[shape] = GraphedLayer(*shape, size, weights)
        turned = turn_rows(lengths, shape[1])
        readings = [inputs, TurnedRows.apply(inputs, turned)][: len(weights)]  # type: ignore[no-untyped-call]
        outputs = list(self._layers[shape].run(readings, weights))
        outputs[1:] = [TurnedRows.apply(output, turned) for output in outputs[1:]]  # type: ignore[no-untyped-call]
        is_padding = torch.arange(shape[1], device=inputs.device) >= lengths[:, None]
        joined = torch.cat(outputs, dim=2).masked_fill(is_padding[:, :, None], 0.0)[:batch, :time]
        hidden_size = weights[0][1].shape[1]
        last = [joined[torch.arange(batch, device=inputs.device), lengths[:batch] - 1, :hidden_size]]
        last += [joined[:, 0, hidden_size:] for _ in weights[1:]]
        return joined, torch.stack(last)


class GraphedLayer:
    """Holds the graphs of a layer for batches of one shape.

    Args:
        batch: rows.
        time: steps.
        input_size: features per step.
        weights: as `GraphedLayers.run` takes them; their shapes and dtype count.
    """

    def __init__(self, batch: int, time: int, input_size: int, weights: Sequence[Sequence[Tensor]]) -> None:
        like = weights[0][0]
        self.num_forwards = 0
        self.inputs = [
            torch.zeros(batch, time, input_size, dtype=like.dtype, device=like.device, requires_grad=True)
            for _ in weights
        ]
        self.weights = [[weight.detach().clone().requires_grad_() for weight in of_one] for of_one in weights]
        self.leaves = [*self.inputs, *(weight for of_one in self.weights for weight in of_one)]
        self._side = torch.cuda.Stream(like.device)  # type: ignore[no-untyped-call]
        # Streams are made on the current device, which need not be that of the weights: nothing would be recorded.
        with torch.cuda.device(like.device), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of copies and streams, which the graphs hold for good
            self._capture()

    def _capture(self) -> None:
        """Run the passes until all is set up, and record them."""
        warming = torch.cuda.Stream(self._side.device)  # type: ignore[no-untyped-call]
        warming.wait_stream(torch.cuda.current_stream())
        with torch.enable_grad(), torch.cuda.stream(warming):
            for _ in range(_NUM_WARMUPS):
                outputs = self._compute()
                torch.autograd.grad(outputs, self.leaves, [torch.zeros_like(output) for output in outputs])
        torch.cuda.current_stream().wait_stream(warming)
        self._forward, self._backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        # Not on PyTorch's own stream for it, which is of the device that had the first graph.
        recording = torch.cuda.Stream(self._side.device)  # type: ignore[no-untyped-call]
        with torch.enable_grad(), torch.cuda.graph(self._forward, stream=recording):
            self.outputs = self._compute()
        self.grad_outputs = [torch.zeros_like(output) for output in self.outputs]
        with torch.cuda.graph(self._backward, pool=self._forward.pool(), stream=recording):
            self.grads = torch.autograd.grad(self.outputs, self.leaves, self.grad_outputs)
        self.outputs = [output.detach() for output in self.outputs]

    def _compute(self) -> list[Tensor]:
        """Run each direction on a stream of its own."""
        current = torch.cuda.current_stream()
        outputs: list[Tensor] = []
        if len(self.inputs) == 2:
            self._side.wait_stream(current)
            with torch.cuda.stream(self._side):
                outputs.append(_run_direction(self.inputs[1], self.weights[1]))
        outputs.insert(0, _run_direction(self.inputs[0], self.weights[0]))
        if len(self.inputs) == 2:
            current.wait_stream(self._side)
        return outputs

    def run(self, inputs: Sequence[Tensor], weights: Sequence[Sequence[Tensor]]) -> Sequence[Tensor]:
        """Compute the outputs of each direction, which the next call overwrites."""
        given = [*inputs, *(weight for of_one in weights for weight in of_one)]
        outputs: Sequence[Tensor] = _Replay.apply(self, *given)  # type: ignore[no-untyped-call]
        return outputs

    def replay_forward(self, given: Sequence[Tensor]) -> list[Tensor]:
        """Copy inputs and weights to where the graph reads them, and run it."""
        with torch.no_grad():
            torch._foreach_copy_(self.leaves, list(given))
        self._forward.replay()
        self.num_forwards += 1
        return [output.detach() for output in self.outputs]

    def replay_backward(self, grad_outputs: Sequence[Tensor]) -> list[Tensor]:
        """Compute the gradients of inputs and weights."""
        torch._foreach_copy_(self.grad_outputs, list(grad_outputs))
        self._backward.replay()
        return [grad.detach() for grad in self.grads]


def _run_direction(inputs: Tensor, weights: list[Tensor]) -> Tensor:
    hidden_size = weights[1].shape[1]
    state = inputs.new_zeros(1, len(inputs), hidden_size)
    with torch.autocast(inputs.device.type, enabled=False):
        outputs: Tensor = torch.lstm(
            inputs,
            (state, state),
            weights,
            has_biases=True,
            num_layers=1,
            dropout=0.0,
            train=True,
            bidirectional=False,
            batch_first=True,
        )[0]
    return outputs


class _Replay(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, layer: GraphedLayer, *given: Tensor) -> tuple[Tensor, ...]:
        outputs = layer.replay_forward(given)
        ctx.layer, ctx.number = layer, layer.num_forwards
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        if ctx.number != ctx.layer.num_forwards:
            raise RuntimeError(
                "this forward pass was overwritten by a later one, or differentiated before; train without CUDA graphs"
            )
        ctx.number = None  # cuDNN writes where the forward pass left its states
        return None, *ctx.layer.replay_backward(grad_outputs)


def turn_rows(lengths: Tensor, time: int) -> Tensor:
    """Return which place of `(batch * time)` comes to which, where each row's tokens change their order.

    Padding stays where it is.
    """
    places = torch.arange(time, device=lengths.device)
    turned = lengths[:, None] - 1 - places
    turned = torch.where(turned >= 0, turned, places)
    return (turned + time * torch.arange(len(lengths), device=lengths.device)[:, None]).flatten()


class TurnedRows(torch.autograd.Function):
    """Brings the tokens of each row into the opposite order; to do it twice changes nothing."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, turned: Tensor) -> Tensor:
        """Turn `(batch, time, features)` by what `turn_rows` returns."""
        ctx.save_for_backward(turned)
        return inputs.flatten(0, 1).index_select(0, turned).view(inputs.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Turn the gradient back."""
        (turned,) = ctx.saved_tensors
        return grad.flatten(0, 1).index_select(0, turned).view(grad.shape), None
