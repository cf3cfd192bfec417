"""Predicts each word of a text from those before it, or after it."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hf_lstm.config.model import NetworkConfig
from hf_lstm.nn.dropout import Dropout, build_embedding_dropout
from hf_lstm.nn.network import build_lstm


class Prediction(NamedTuple):
    """Holds what one direction of a language model says of a batch's words."""

    features: Tensor
    """(num_places, embedding_dim): what the next word's embedding should be like."""
    targets: Tensor
    """int64 (num_places,), the words that stand there."""


class LanguageModel(nn.Module):
    """Predicts words from an embedding and an LSTM like a classifier's.

    The forward direction predicts each word from those before it. The reverse one, if there is one, predicts it from
    those after it, with no weight of the LSTM in common. Both read and predict with the same embedding (Press and Wolf,
    2017). The state starts at zero for each row, as a classifier's does.

    Args:
        config: of its settings, embedding, LSTM and dropout are read.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_dim, padding_idx=config.pad_token_id)
        self.lstm = build_lstm(config)
        self.projections = nn.ModuleList(
            nn.Linear(config.hidden_size, config.embedding_dim, bias=False) for _ in range(self.lstm.num_directions)
        )
        self.output_bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.embedding_dropout = build_embedding_dropout(config)
        self.output_dropout = Dropout(config.dropout if config.output_dropout is None else config.output_dropout)
        self.reset_parameters()

    @property
    def device(self) -> torch.device:
        """Return the device of the weights."""
        return self.embedding.weight.device

    @property
    def num_parameters(self) -> int:
        """Count the weights."""
        return sum(parameter.numel() for parameter in self.parameters())

    def reset_parameters(self) -> None:
        """Draw all weights anew, from the global random state.

        Embeddings are small, as they are outputs, too: at first, every word is about as likely as its bias says. Forget
        gates are open, so that the state lasts.
        """
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        with torch.no_grad():
            self.embedding.weight[self.embedding.padding_idx].zero_()
        self.lstm.reset_parameters()
        for name, bias in self.lstm.named_parameters():
            if name.startswith("bias_ih"):
                with torch.no_grad():
                    bias[self.lstm.hidden_size : 2 * self.lstm.hidden_size] = 1.0
        for weight in self.projections.parameters():
            nn.init.xavier_uniform_(weight)
        nn.init.zeros_(self.output_bias)

    def forward(self, input_ids: Tensor, lengths: Tensor) -> Iterator[Prediction]:
        """Predict the words of each row but its first one, and in the reverse direction but its last one.

        Args:
            input_ids: int64 (batch, time), right-padded with the padding id.
            lengths: int64 (batch,) on the CPU, each from 1 to time.

        Yields:
            For each direction its features, in the dtype of autocast, and the words.
        """
        embedded = self.embedding_dropout(self.embedding(input_ids))
        outputs, _ = self.lstm(embedded, lengths)
        has_next = torch.arange(input_ids.shape[1]) < lengths[:, None] - 1
        before = has_next.flatten().nonzero().squeeze(1).to(input_ids.device)
        after = before + 1
        hidden_size, words = self.lstm.hidden_size, input_ids.flatten()
        by_place = outputs.flatten(0, 1)
        for direction, projection in enumerate(self.projections):
            places, targets = (before, after) if direction == 0 else (after, before)
            states = by_place[:, direction * hidden_size : (direction + 1) * hidden_size].index_select(0, places)
            yield Prediction(projection(self.output_dropout(states)), words.index_select(0, targets))
