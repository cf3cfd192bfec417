"""Pools an LSTM's states into features, as many for any length."""

import torch
from torch import Tensor, nn

from hf_lstm.nn.cpu.states import LayerStates

_WANTED = {
    "last": frozenset({"last"}),
    "mean": frozenset({"total"}),
    "max": frozenset({"maximum"}),
    "mean_max": frozenset({"total", "maximum"}),
    "last_mean_max": frozenset({"last", "total", "maximum"}),
    "attention": frozenset(),
}


class Pooling(nn.Module):
    """Pools the states of each row's real tokens into features.

    `attention` scores each state by a small network and averages the states by the softmax of their scores.

    Reference:
        Yang et al., "Hierarchical Attention Networks for Document Classification" (2016), equations 5 to 7.

    Args:
        kind: as `ModelConfig.pooling`.
        hidden_size: units per direction.
        num_directions: 2 where each row is also read from its end, else 1.

    Attributes:
        num_features: how many features come out.
        wanted: the fields of `LayerStates` that `pool_summary` reads; none where each state is needed.
    """

    def __init__(self, kind: str, hidden_size: int, num_directions: int) -> None:
        super().__init__()
        self.kind = kind
        self.num_directions = num_directions
        self.wanted = _WANTED[kind]
        self.num_features = hidden_size * num_directions * max(1, len(self.wanted))
        if kind == "attention":
            self.projection = nn.Linear(self.num_features, hidden_size)
            self.query = nn.Linear(hidden_size, 1, bias=False)

    def reset_parameters(self) -> None:
        """Draw the parameters, if any, from the global random state."""
        for module in self.children():
            assert isinstance(module, nn.Linear)
            module.reset_parameters()

    def forward(self, outputs: Tensor, last_states: Tensor, lengths: Tensor) -> Tensor:
        """Pool each state of each row into features `(batch, num_features)`.

        They are float32 where more than one state makes a feature.

        Args:
            outputs: `(batch, time, num_directions * hidden_size)`, zero at padding. Without gradients they may be
                overwritten.
            last_states: `(num_layers * num_directions, batch, hidden_size)`, as `RaggedLSTM` gives them.
            lengths: int64 `(batch,)`.
        """
        last = torch.cat(list(last_states[-self.num_directions :]), dim=1)
        if self.kind == "last":
            return last
        lengths = lengths.to(outputs.device)[:, None]
        is_padding = torch.arange(outputs.shape[1], device=outputs.device) >= lengths
        if self.kind == "attention":
            return self._attend(outputs, is_padding)
        pooled = [last.float()] if "last" in self.kind else []
        if "mean" in self.kind:
            pooled.append(outputs.sum(dim=1, dtype=torch.float32) / lengths)
        if "max" in self.kind:
            # In place where no gradient asks for the outputs again: copying them takes longer than pooling them.
            fill = outputs.masked_fill if torch.is_grad_enabled() else outputs.masked_fill_
            pooled.append(fill(is_padding[:, :, None], -torch.inf).amax(dim=1).float())
        return torch.cat(pooled, dim=1)

    def _attend(self, outputs: Tensor, is_padding: Tensor) -> Tensor:
        # In float32: rounded to bfloat16, the scores of a row would differ between batches of other sizes.
        with torch.autocast(outputs.device.type, enabled=False):
            outputs = outputs.to(self.query.weight.dtype)
            scores = self.query(torch.tanh(self.projection(outputs))).squeeze(2)
            shares = scores.masked_fill(is_padding, -torch.inf).softmax(dim=1)
            return torch.bmm(shares[:, None], outputs).squeeze(1)

    def pool_summary(self, states: LayerStates, lengths: Tensor) -> Tensor:
        """Pool a layer's summary of each row into features `(batch, num_features)`.

        They are those of `forward`, without the state of each token.

        Args:
            states: with the fields `wanted`.
            lengths: int64 `(batch,)`.
        """
        if self.kind == "last":
            return states.last.flatten(1)
        pooled = [states.last.flatten(1).to(states.total.dtype)] if "last" in self.kind else []
        if "mean" in self.kind:
            pooled.append(states.total.flatten(1) / lengths[:, None])
        if "max" in self.kind:
            pooled.append(states.maximum.flatten(1))
        return torch.cat(pooled, dim=1)
