"""A training task set up in both ways: this package's, and the straightforward packed loop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarking.reviews import LabeledReviews
from hf_lstm.config import ModelConfig, TrainConfig

if TYPE_CHECKING:
    import torch

    from benchmarking.packed_loop import PackedLSTM, ReviewDataset
    from hf_lstm.batching import LabeledTexts
    from hf_lstm.training import TrainingRun


@dataclass(frozen=True, kw_only=True)
class TrainingTask:
    """What is trained on what; the same for every contender."""

    reviews: LabeledReviews
    tokenizer_json: str
    find_words: Callable[[str], list[str]]
    """What the tokenizer does, as a straightforward loop does it."""
    model: ModelConfig
    """With vocabulary size and labels; of one layer."""
    train: TrainConfig


USEFUL_OPERATIONS = "8 (embedding dim + hidden size) hidden size per real token and direction; thrice that in training"


def count_useful_gflop(config: ModelConfig, num_tokens: int) -> float:
    """Return the billions of operations of one LSTM layer's matrix products over `num_tokens` real tokens, forward.

    A multiplication and an addition count as two; padding, embedding, gates and classifier are not counted. Training
    takes three times as many.
    """
    assert config.num_layers == 1
    per_token = 2 * (config.embedding_dim + config.hidden_size) * 4 * config.hidden_size * config.num_directions
    return per_token * num_tokens / 1e9


def start_our_training(task: TrainingTask, precision: Any) -> "tuple[TrainingRun, LabeledTexts, float]":
    """Return a run at step 0, the encoded reviews, and the seconds that encoding them took."""
    import numpy as np
    import torch
    from tokenizers import Tokenizer

    from hf_lstm.batching import LabeledTexts, fill_empty
    from hf_lstm.devices import flush_denormals
    from hf_lstm.encoding import Encoder
    from hf_lstm.modeling import LSTMSentiment
    from hf_lstm.training import start_run

    flush_denormals()  # as `scripts/train.py` does
    torch.manual_seed(task.train.seed)
    model = LSTMSentiment(task.model).train()
    encoder = Encoder(Tokenizer.from_str(task.tokenizer_json))
    started = time.perf_counter()
    encoded = encoder.encode(task.reviews.texts, max_length_tokens=task.model.max_length_tokens)
    texts = fill_empty(encoded, task.model.unk_token_id)
    encode_s = time.perf_counter() - started
    split = LabeledTexts(texts, np.array(task.reviews.labels))
    return start_run(model, split, replace(task.train, precision=precision)), split, encode_s


@dataclass
class PackedTraining:
    """What the straightforward loop has in its hands."""

    dataset: "ReviewDataset"
    model: "PackedLSTM"
    optimizer: "torch.optim.Optimizer"
    criterion: "torch.nn.Module"


def start_packed_training(task: TrainingTask, *, flushes_denormals: bool) -> PackedTraining:
    """Return the straightforward loop's data set, model and optimizer.

    Args:
        task: what is trained.
        flushes_denormals: treat the tiniest numbers as zero, which PyTorch does not do unless told to.
    """
    import torch
    from tokenizers import Tokenizer

    from benchmarking.packed_loop import PackedLSTM, ReviewDataset

    torch.set_flush_denormal(flushes_denormals)
    torch.manual_seed(task.train.seed)
    vocab = Tokenizer.from_str(task.tokenizer_json).get_vocab()
    dataset = ReviewDataset(
        task.reviews.texts, task.reviews.labels, vocab, task.find_words, task.model.max_length_tokens
    )
    model = PackedLSTM(len(vocab), task.model.embedding_dim, task.model.hidden_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=task.train.learning_rate)
    return PackedTraining(dataset, model, optimizer, torch.nn.BCEWithLogitsLoss())
