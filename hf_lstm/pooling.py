"""Pooling: what the classifier sees of an LSTM's states, as many features for a text of any length."""

import torch
from torch import Tensor, nn


class Pooling(nn.Module):
    """Turns the states of each row into features, of its real tokens alone.

    Args:
        kind: as `ModelConfig.pooling`.
        hidden_size: units per direction.
        num_directions: 2 where each row is also read from its end, else 1.

    Attributes:
        num_features: how many features come out.
    """

    def __init__(self, kind: str, hidden_size: int, num_directions: int) -> None:
        super().__init__()
        self.kind = kind
        self.num_directions = num_directions
        self.num_features = hidden_size * num_directions * (2 if kind == "mean_max" else 1)

    def forward(self, outputs: Tensor, last_states: Tensor, lengths: Tensor) -> Tensor:
        """Return features `(batch, num_features)`, float32 where more than one state makes a feature.

        Args:
            outputs: `(batch, time, num_directions * hidden_size)`, zero at padding. Without gradients they may be
                overwritten.
            last_states: `(num_layers * num_directions, batch, hidden_size)`, as `RaggedLSTM` gives them.
            lengths: int64 `(batch,)`.
        """
        if self.kind == "last":
            return torch.cat(list(last_states[-self.num_directions :]), dim=1)
        lengths = lengths.to(outputs.device)[:, None]
        pooled = []
        if "mean" in self.kind:
            pooled.append(outputs.sum(dim=1, dtype=torch.float32) / lengths)
        if "max" in self.kind:
            is_padding = torch.arange(outputs.shape[1], device=outputs.device) >= lengths
            # In place where no gradient asks for the outputs again: copying them takes longer than pooling them.
            fill = outputs.masked_fill if torch.is_grad_enabled() else outputs.masked_fill_
            pooled.append(fill(is_padding[:, :, None], -torch.inf).amax(dim=1).float())
        return torch.cat(pooled, dim=1)
