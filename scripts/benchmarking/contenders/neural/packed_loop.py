"""Defines the straightforward PyTorch classifier and its training step.

They are as courses and project pages write them. Nothing is slowed down on purpose: words are looked up in
`__getitem__`, batches are padded by `pad_sequence`, packed by `pack_padded_sequence`, and run through `nn.LSTM` on
PyTorch's defaults.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import Dataset

PAD_TOKEN_ID, UNK_TOKEN_ID = 0, 1


class ReviewDataset(Dataset[tuple[Tensor, int]]):
    """Tokenizes reviews whenever they are asked for."""

    def __init__(
        self,
        texts: list[str],
        labels: list[int],
        vocab: dict[str, int],
        find_words: Callable[[str], list[str]],
        max_length_tokens: int,
    ) -> None:
        self.texts = texts
        self.labels = labels
        self.vocab = vocab
        self.find_words = find_words
        self.max_length_tokens = max_length_tokens

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        words = self.find_words(self.texts[row])[: self.max_length_tokens]
        input_ids = [self.vocab.get(word, UNK_TOKEN_ID) for word in words] or [UNK_TOKEN_ID]
        return torch.tensor(input_ids), self.labels[row]


def pad_reviews(rows: list[tuple[Tensor, int]]) -> tuple[Tensor, Tensor, Tensor]:
    """Pad reviews to a batch of int64 tensors.

    Returns input_ids (batch, time), lengths (batch,) and labels (batch,).
    """
    input_ids = [row for row, _ in rows]
    lengths = torch.tensor([len(row) for row in input_ids])
    padded = pad_sequence(input_ids, batch_first=True, padding_value=PAD_TOKEN_ID)
    return padded, lengths, torch.tensor([label for _, label in rows])


class PackedLSTM(nn.Module):
    """Computes logits (batch, num_logits) by embedding, packed LSTM and linear layer.

    The linear layer sees the last state or, if `pools` is set, the mean and the maximum of the outputs.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int,
        hidden_size: int,
        num_logits: int = 1,
        bidirectional: bool = False,
        pools: bool = False,
    ) -> None:
        super().__init__()
        num_features = hidden_size * (2 if bidirectional else 1) * (2 if pools else 1)
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=PAD_TOKEN_ID)
        self.lstm = nn.LSTM(embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.classifier = nn.Linear(num_features, num_logits)
        self.pools = pools

    def forward(self, input_ids: Tensor, lengths: Tensor) -> Tensor:
        """Compute logits (batch, num_logits) of right-padded input_ids (batch, time)."""
        embedded = self.embedding(input_ids)
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        packed_outputs, (h_n, _) = self.lstm(packed)
        if not self.pools:
            return self.classifier(torch.cat(list(h_n), dim=1))  # type: ignore[no-any-return]
        outputs, _ = pad_packed_sequence(packed_outputs, batch_first=True)
        is_padding = torch.arange(outputs.shape[1]) >= lengths[:, None]
        means = outputs.sum(dim=1) / lengths[:, None]
        maxima = outputs.masked_fill(is_padding[:, :, None], -torch.inf).amax(dim=1)
        return self.classifier(torch.cat([means, maxima], dim=1))  # type: ignore[no-any-return]


def train_on_batch(
    model: PackedLSTM,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
    batch: tuple[Tensor, Tensor, Tensor],
) -> tuple[float, float]:
    """Take one optimizer step, and return the batch's loss and accuracy.

    The loops print both.
    """
    input_ids, lengths, labels = batch
    optimizer.zero_grad()
    logits = model(input_ids, lengths).squeeze(1)
    loss = criterion(logits, labels.float())
    loss.backward()
    optimizer.step()
    accuracy = ((logits > 0) == labels.bool()).float().mean()
    return loss.item(), accuracy.item()
