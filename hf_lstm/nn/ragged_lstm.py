"""Runs an LSTM over right-padded rows, exact at every length.

It serves training and inference alike.
"""

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from hf_lstm.errors import InputError
from hf_lstm.nn.cpu.layer import infer_layer, run_layer
from hf_lstm.nn.cpu.plan import LayerPlan, plan_layer
from hf_lstm.nn.cpu.states import LayerStates
from hf_lstm.nn.cuda.graphed_layer import GraphedLayers
from hf_lstm.nn.dropout import Dropout


class RaggedLSTM(nn.LSTM):
    """Runs `nn.LSTM` over right-padded rows, on a CPU without packing.

    It computes what `nn.LSTM` does after `pack_padded_sequence`, which is slow on a CPU. Parameters and state dict are
    those of `nn.LSTM`. Padding is never read, and changes no result and no gradient.

    Args:
        input_size: features per time step.
        hidden_size: units per direction.
        num_layers: stacked layers.
        bidirectional: also read each row from its end to its start.
        dropout: probability of zeroing a feature between layers, in training.
        single_bias: learn one bias for each gate, as Keras does; `bias_hh_*` are buffers of zeros.
    """

    _graphed_layers: GraphedLayers | None = None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
        single_bias: bool = False,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional, dropout=dropout
        )
        if single_bias:
            self._fix_second_biases()

    def _fix_second_biases(self) -> None:
        for name, parameter in list(self.named_parameters()):
            if name.startswith("bias_hh"):
                delattr(self, name)
                self.register_buffer(name, torch.zeros_like(parameter))
        self._init_flat_weights()  # cuDNN is given these, and they are gathered anew only where `nn.LSTM` sets one

    def reset_parameters(self) -> None:
        """Draw the parameters as `nn.LSTM` does; fixed biases become zero.

        They come from the global random state.
        """
        super().reset_parameters()
        for fixed_bias in self.buffers():
            nn.init.zeros_(fixed_bias)

    @property
    def num_directions(self) -> int:
        """Return 2 if each row is also read from its end, else 1."""
        return 2 if self.bidirectional else 1

    def forward(  # type: ignore[override]
        self, inputs: Tensor, lengths: Tensor, *, need_cell_states: bool = False
    ) -> tuple[Tensor, Any]:
        """Compute the outputs, and the states at the rows' real ends.

        Args:
            inputs: `(batch, time, input_size)`.
            lengths: int64 `(batch,)` on the CPU, each in 1..time.
            need_cell_states: also return the cell states, which on a CPU takes a kernel call for each distinct length.

        Returns:
            `(outputs, h_n)`, or `(outputs, (h_n, c_n))` with `need_cell_states`. `outputs` is
            `(batch, time, num_directions * hidden_size)`, zero at padding; `h_n` and `c_n` are
            `(num_layers * num_directions, batch, hidden_size)`, in the order of `nn.LSTM`. Under `torch.autocast` all
            are computed and returned in its dtype, like those of other layers; otherwise in that of `inputs`.

        Raises:
            InputError: `inputs` and `lengths` don't fit each other, or a length is outside 1..time.
        """
        check_lengths(inputs, lengths)
        if len(inputs) == 0:
            outputs, h_n, c_n = self._run_nothing(inputs)
        elif inputs.device.type == "cpu":
            outputs, h_n, c_n = self._run_on_cpu(inputs, lengths, need_cell_states)
        elif (replayed := self._replay(inputs, lengths, need_cell_states)) is not None:
            return replayed
        else:
            outputs, h_n, c_n = self._run_packed(inputs, lengths)
        return outputs, (h_n, c_n) if need_cell_states else h_n

    def summarize(
        self, inputs: Tensor, lengths: Tensor, wanted: frozenset[str], *, indices: Tensor | None = None
    ) -> LayerStates:
        """Summarize the last layer's states of each row, on the CPU.

        The layer's states are not written out for each token.

        Args:
            inputs: `(batch, time, input_size)`; with `indices`, any `(num, input_size)`, such as an embedding.
            lengths: int64 `(batch,)`, each in 1..time.
            wanted: fields of `LayerStates`.
            indices: int64 `(batch, time)`: the input that each step reads; or `(batch, time, num)`: those that it reads
                joined, each of which has then `1 / num` of its features.

        Returns:
            The fields wanted, `(batch, num_directions, hidden_size)` each.

        Raises:
            InputError: inputs or indices don't fit the lengths, or a length is outside 1..time.
        """
        check_lengths(inputs if indices is None else indices[..., None] if indices.dim() == 2 else indices, lengths)
        dtype = _choose_dtype(inputs)
        if len(lengths) == 0:
            empty = inputs.new_zeros(0, self.num_directions, self.hidden_size, dtype=dtype)
            return LayerStates(*[empty] * len(LayerStates._fields))
        time = (inputs if indices is None else indices).shape[1]
        plan = self._plan(lengths, time, dtype, need_cell_states=False)
        *earlier, last = self._list_layer_weights()
        with torch.autocast("cpu", enabled=False):
            if indices is not None and not earlier and not torch.is_grad_enabled():
                # once, rather than for each token
                table = inputs.to(dtype) if indices.numel() > len(inputs) else inputs
                flat = indices.flatten(0, 1)

                def gather(tokens: Tensor) -> Tensor:
                    rows = flat.index_select(0, tokens)
                    return table.index_select(0, rows.flatten()).view(len(rows), -1)

                return infer_layer(plan, gather, len(flat), last, wanted)
            outputs = inputs if indices is None else functional.embedding(indices, inputs).flatten(2)
            outputs = outputs.flatten(0, 1)
            for weights in earlier:
                outputs = run_layer(plan, outputs, weights, {"outputs"}).outputs.flatten(1)
                outputs = self._drop(outputs)
            return run_layer(plan, outputs, last, wanted)

    def _plan(self, lengths: Tensor, time: int, dtype: torch.dtype, *, need_cell_states: bool) -> LayerPlan:
        return plan_layer(
            lengths,
            time,
            num_directions=self.num_directions,
            hidden_size=self.hidden_size,
            widest_input=max(self.input_size, self.num_directions * self.hidden_size if self.num_layers > 1 else 0),
            dtype=dtype,
            need_cell_states=need_cell_states,
        )

    def _run_on_cpu(self, inputs: Tensor, lengths: Tensor, need_cell_states: bool) -> tuple[Tensor, Tensor, Tensor]:
        plan = self._plan(lengths, inputs.shape[1], _choose_dtype(inputs), need_cell_states=need_cell_states)
        wanted = {"outputs", "last", *(["cells"] if need_cell_states else [])}
        outputs, h_n, c_n = inputs.flatten(0, 1), [], []
        with torch.autocast("cpu", enabled=False):
            for layer, weights in enumerate(self._list_layer_weights()):
                if layer:
                    outputs = self._drop(outputs)
                states = run_layer(plan, outputs, weights, wanted)
                outputs = states.outputs.flatten(1)
                h_n.append(states.last.transpose(0, 1))
                c_n.append(states.cells.transpose(0, 1) if need_cell_states else states.cells)
        return outputs.view(*inputs.shape[:2], -1), torch.cat(h_n), torch.cat(c_n)

    def _drop(self, outputs: Tensor) -> Tensor:
        dropout = Dropout(self.dropout).train(self.training)  # not a submodule: nn.LSTM has none
        dropped: Tensor = dropout(outputs)
        return dropped

    def _list_layer_weights(self) -> list[list[nn.Parameter]]:
        """List each layer's weight_ih, weight_hh, bias_ih and bias_hh, direction after direction."""
        weights = self.all_weights
        if self.bidirectional:
            return [forward + reverse for forward, reverse in zip(weights[::2], weights[1::2], strict=True)]
        return weights

    def _run_packed(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the same on an accelerator, from packed rows.

        cuDNN runs packed rows at full speed.
        """
        dtype = _choose_dtype(inputs)
        packed = pack_padded_sequence(inputs.to(dtype), lengths, batch_first=True, enforce_sorted=False)
        if torch.is_autocast_enabled(inputs.device.type):
            packed_outputs, h_n, c_n = self._run_in_dtype(packed)
        else:
            packed_outputs, (h_n, c_n) = super().forward(packed)
        outputs, _ = pad_packed_sequence(packed_outputs, batch_first=True, total_length=inputs.shape[1])
        return outputs, h_n, c_n

    def _run_in_dtype(self, packed: PackedSequence) -> tuple[PackedSequence, Tensor, Tensor]:
        """Compute in the dtype of packed rows, which autocast chose.

        Autocast itself would run cuDNN in float16 where bfloat16 is asked for: there the gradients of long texts, and
        of the small changes that adversaries start from, are zero.
        """
        data, sizes, order, order_back = packed
        state = data.new_zeros(self.num_layers * self.num_directions, int(sizes[0]), self.hidden_size)
        with torch.autocast(data.device.type, enabled=False), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")
            outputs, h_n, c_n = torch.lstm(
                data,
                sizes,
                (state, state),
                [weight.to(data.dtype) for weights in self.all_weights for weight in weights],
                has_biases=True,
                num_layers=self.num_layers,
                dropout=self.dropout,
                train=self.training,
                bidirectional=self.bidirectional,
            )
        if order_back is not None:
            h_n, c_n = h_n.index_select(1, order_back), c_n.index_select(1, order_back)
        return PackedSequence(outputs, sizes, order, order_back), h_n, c_n

    def use_cuda_graphs(self, are_used: bool = True) -> None:
        """Train by CUDA graphs from now on, where that is possible, or no longer, which frees their memory.

        It is on a CUDA device, in bfloat16, with one layer. Then each forward pass that is differentiated must be
        differentiated before the next one.
        """
        self._graphed_layers = GraphedLayers() if are_used else None

    def _replay(self, inputs: Tensor, lengths: Tensor, need_cell_states: bool) -> tuple[Tensor, Tensor] | None:
        """Compute outputs and last states by CUDA graphs; None where they can't, or are not to be used."""
        dtype = _choose_dtype(inputs)
        can_do = inputs.device.type == "cuda" and self.num_layers == 1 and not need_cell_states
        # Parameters of this dtype would have to be copied, and there is little to gain from float32.
        if self._graphed_layers is None or not (self.training and can_do and dtype == torch.bfloat16 != inputs.dtype):
            return None
        weights = [[weight.to(dtype) for weight in of_one] for of_one in self.all_weights]
        return self._graphed_layers.run(inputs.to(dtype), lengths, weights)

    def _run_nothing(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        outputs = inputs.new_zeros(
            0, inputs.shape[1], self.num_directions * self.hidden_size, dtype=_choose_dtype(inputs)
        )
        states = outputs.new_zeros(self.num_layers * self.num_directions, 0, self.hidden_size)
        return outputs, states, states


def check_lengths(inputs: Tensor, lengths: Tensor) -> None:
    """Check `lengths`: int64 `(batch,)`, on the CPU, in 1..time.

    Raises:
        InputError: it is not, or `inputs` is not `(batch, time, features)`.
    """
    if inputs.dim() != 3:
        raise InputError(f"inputs have shape {tuple(inputs.shape)}, but must be (batch, time, features)")
    batch, time, _ = inputs.shape
    if lengths.shape != (batch,) or lengths.dtype != torch.int64 or lengths.device.type != "cpu":
        raise InputError(
            f"lengths are {lengths.dtype} of shape {tuple(lengths.shape)} on {lengths.device}, "
            f"but must be torch.int64 of shape ({batch},) on cpu"
        )
    if batch and not (int(lengths.min()) >= 1 and int(lengths.max()) <= time):
        raise InputError(f"lengths span {int(lengths.min())}..{int(lengths.max())}, but must lie in 1..{time}")


def _choose_dtype(inputs: Tensor) -> torch.dtype:
    device_type = inputs.device.type
    if torch.is_autocast_enabled(device_type):
        return torch.get_autocast_dtype(device_type)
    return inputs.dtype
