"""Builds ONNX graphs node by node.

It has the LSTM operator with PyTorch's weights, and the layers around it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hf_lstm.nn.ragged_lstm import RaggedLSTM

if TYPE_CHECKING:
    import onnx

OPSET = 17
"""The first with LayerNormalization; ONNX Runtime reads it since 1.12, of 2022."""
IR_VERSION = 8
"""That of opset 17, so that the runtimes of its time read the file."""
_GATES = (0, 3, 1, 2)
"""ONNX has the gates in the order input, output, forget, cell; PyTorch input, forget, cell, output."""


class GraphBuilder:
    """Builds a graph, node by node.

    Names of nodes and intermediate values are made up.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        return self._append(operator, inputs, [output or self._name(operator)], attributes)[0]

    def weight(self, name: str, values: torch.Tensor | NDArray[Any]) -> str:
        """Add a constant tensor, and return its name."""
        from onnx import numpy_helper

        array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
        self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def constant(self, value: float | Sequence[int]) -> str:
        """Add a constant number or shape, and return its name.

        Floats become a float32 scalar, sequences an int64 vector.
        """
        dtype = np.float32 if isinstance(value, float) else np.int64
        array = np.asarray(value, dtype)
        return self.weight(f"{'x'.join(map(str, np.atleast_1d(array)))}_{array.dtype}", array)

    def add_linear(self, name: str, linear: nn.Linear, inputs: str) -> str:
        """Add an affine layer, (..., in_features) to (..., out_features)."""
        product = self.add("MatMul", inputs, self.weight(f"{name}.weight", linear.weight.detach().T))
        return product if linear.bias is None else self.add("Add", product, self.weight(f"{name}.bias", linear.bias))

    def add_lstm_layer(self, lstm: RaggedLSTM, layer: int, states: str, lengths: str) -> tuple[str, str]:
        """Add a layer of `lstm`, all its directions.

        Args:
            lstm: whose weights the layer gets.
            layer: which, from 0.
            states: (time, batch, features)
            lengths: int32 (batch,)

        Returns:
            The states (time, batch, directions * hidden_size), and (batch, directions * hidden_size): those after the
            last token that each direction reads.
        """
        suffixes = [f"_l{layer}", f"_l{layer}_reverse"][: lstm.num_directions]
        inputs = [states]
        for kind in ("weight_ih", "weight_hh"):
            stacked = np.stack([_reorder_gates(getattr(lstm, kind + suffix)) for suffix in suffixes])
            inputs.append(self.weight(f"lstm.{kind}_l{layer}", stacked))
        kinds = ("bias_ih", "bias_hh")
        biases = [np.concatenate([_reorder_gates(getattr(lstm, kind + end)) for kind in kinds]) for end in suffixes]
        inputs.append(self.weight(f"lstm.bias_l{layer}", np.stack(biases)))
        outputs, last_states = self._append(
            "LSTM",
            [*inputs, lengths],
            [self._name("LSTM"), self._name("LSTM_h")],
            {"hidden_size": lstm.hidden_size, "direction": "bidirectional" if lstm.bidirectional else "forward"},
        )
        # (time, directions, batch, hidden) and (directions, batch, hidden): the directions go beside each other
        outputs = self.add("Transpose", outputs, perm=[0, 2, 1, 3])
        last_states = self.add("Transpose", last_states, perm=[1, 0, 2])
        width = lstm.num_directions * lstm.hidden_size
        return (
            self.add("Reshape", outputs, self.constant([0, 0, width])),
            self.add("Reshape", last_states, self.constant([0, width])),
        )

    def add_layer_norm(self, name: str, norm: nn.LayerNorm, inputs: str) -> str:
        """Add a layer normalization over the last axis."""
        weights = [self.weight(f"{name}.weight", norm.weight), self.weight(f"{name}.bias", norm.bias)]
        return self.add("LayerNormalization", inputs, *weights, axis=-1, epsilon=norm.eps)

    def make_model(
        self, name: str, inputs: Sequence["onnx.ValueInfoProto"], outputs: Sequence["onnx.ValueInfoProto"]
    ) -> "onnx.ModelProto":
        """Build the ONNX model of the graph."""
        from onnx import helper

        graph = helper.make_graph(self._nodes, name, inputs, outputs, initializer=list(self._weights.values()))
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, producer_name="hf_lstm", opset_imports=[opset], ir_version=IR_VERSION)

    def _append(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], attributes: dict[str, Any]
    ) -> Sequence[str]:
        from onnx import helper

        self._nodes.append(
            helper.make_node(operator, inputs, outputs, name=f"{operator}_{len(self._nodes)}", **attributes)
        )
        return outputs

    def _name(self, operator: str) -> str:
        return f"{operator.lower()}_{len(self._nodes)}"


def _reorder_gates(weight: torch.Tensor) -> NDArray[np.float32]:
    """Reorder the gates of a PyTorch LSTM weight (4 * hidden, ...) for ONNX."""
    gates = weight.detach().cpu().float().chunk(4)
    return torch.cat([gates[index] for index in _GATES]).numpy()
