"""An LSTM over right-padded rows of different lengths, exact at every length, for training and inference alike."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hf_lstm.errors import InputError


class RaggedLSTM(nn.LSTM):
    """`nn.LSTM` over right-padded rows: what `pack_padded_sequence` computes, at the speed of the padded kernel.

    Parameters and state dict are those of `nn.LSTM`. A padded position never changes a result or a gradient.

    Args:
        input_size: features per time step.
        hidden_size: units per direction.
        num_layers: stacked layers.
        bidirectional: also read each row from its own end.
        dropout: probability of zeroing a feature between layers, in training.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if num_layers > 1 else 0.0,
        )

    def forward(  # type: ignore[override]
        self, inputs: Tensor, lengths: Tensor, *, need_cell_states: bool = False
    ) -> tuple[Tensor, Any]:
        """Return the outputs and the states at the real ends.

        Args:
            inputs: `(batch, time, input_size)`; what stands behind a row's length is ignored.
            lengths: int64 `(batch,)` on the CPU, each in 1..time.
            need_cell_states: also return the cell states.

        Returns:
            `(outputs, h_n)`, or `(outputs, (h_n, c_n))` with `need_cell_states`. `outputs` is
            `(batch, time, num_directions * hidden_size)`, zero behind each row's length; `h_n` and `c_n` are
            `(num_layers * num_directions, batch, hidden_size)`, in the order of `nn.LSTM`. Under `torch.autocast` all
            are computed and returned in its dtype, otherwise in that of `inputs`.

        Raises:
            InputError: `inputs` and `lengths` don't fit each other, or a length is outside 1..time.
        """
        check_lengths(inputs, lengths)
        device_type = inputs.device.type
        is_autocast = torch.is_autocast_enabled(device_type)
        dtype = torch.get_autocast_dtype(device_type) if is_autocast else inputs.dtype
        with torch.autocast(device_type, enabled=False):
            outputs, h_n, c_n = self._run_layers(inputs.to(dtype), lengths, need_cell_states)
        return (outputs, (h_n, c_n)) if need_cell_states else (outputs, h_n)

    def _run_layers(self, inputs: Tensor, lengths: Tensor, need_cell_states: bool) -> tuple[Tensor, Tensor, Tensor]:
        batch, time, _ = inputs.shape
        num_directions = 2 if self.bidirectional else 1
        if batch == 0:
            states = inputs.new_zeros(self.num_layers * num_directions, 0, self.hidden_size)
            return inputs.new_zeros(0, time, num_directions * self.hidden_size), states, states
        steps = torch.arange(time)
        is_padding = (steps >= lengths[:, None]).to(inputs.device)[:, :, None]
        backwards = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps).to(inputs.device)
        layer_outputs = inputs.masked_fill(is_padding, 0)
        h_n, c_n = [], []
        for layer in range(self.num_layers):
            if layer:
                layer_outputs = functional.dropout(layer_outputs, self.dropout, self.training)
            directions = []
            for reverse in range(num_directions):
                weights = [weight.to(inputs.dtype) for weight in self._layer_weights(layer, reverse)]
                steps_in = _reorder(layer_outputs, backwards) if reverse else layer_outputs
                outputs, h, c = _run_layer(steps_in, lengths, weights, need_cell_states)
                outputs = outputs.masked_fill(is_padding, 0)
                directions.append(_reorder(outputs, backwards) if reverse else outputs)
                h_n.append(h)
                c_n.append(c)
            layer_outputs = torch.cat(directions, dim=2)
        return layer_outputs, torch.stack(h_n), torch.stack(c_n)

    def _layer_weights(self, layer: int, direction: int) -> list[Tensor]:
        suffix = f"l{layer}" + ("_reverse" if direction else "")
        return [getattr(self, f"{name}_{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def _reorder(values: Tensor, steps: Tensor) -> Tensor:
    return values.gather(1, steps[:, :, None].expand_as(values))


def _run_layer(
    inputs: Tensor, lengths: Tensor, weights: list[Tensor], need_cell_states: bool
) -> tuple[Tensor, Tensor, Tensor]:
    batch, time, _ = inputs.shape
    h = c = inputs.new_zeros(1, batch, weights[1].shape[1])
    rows = torch.arange(batch)
    ends = sorted({*lengths.tolist(), time}) if need_cell_states else [time]
    chunks, cell_states, start = [], c[0], 0
    for end in ends:
        chunk, h, c = torch.lstm(inputs[:, start:end], (h, c), weights, True, 1, 0.0, False, False, True)
        chunks.append(chunk)
        cell_states = torch.where((lengths == end).to(c.device)[:, None], c[0], cell_states)
        start = end
    outputs = torch.cat(chunks, dim=1)
    return outputs, outputs[rows, lengths - 1], cell_states


def check_lengths(inputs: Tensor, lengths: Tensor) -> None:
    """Check that `lengths` is int64 `(batch,)` on the CPU with values in 1..time.

    Raises:
        InputError: it is not.
    """
    if inputs.dim() != 3:
        raise InputError(f"inputs have shape {tuple(inputs.shape)}, but must be (batch, time, input_size)")
    batch, time, _ = inputs.shape
    if lengths.shape != (batch,) or lengths.dtype != torch.int64 or lengths.device.type != "cpu":
        raise InputError(
            f"lengths are {lengths.dtype} of shape {tuple(lengths.shape)} on {lengths.device}, "
            f"but must be int64 of shape ({batch},) on the CPU"
        )
    if batch and not (int(lengths.min()) >= 1 and int(lengths.max()) <= time):
        raise InputError(f"lengths span {int(lengths.min())}..{int(lengths.max())}, but must lie in 1..{time}")
