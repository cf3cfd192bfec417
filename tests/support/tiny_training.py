"""Makes tiny models, and rows that they can learn."""

import dataclasses

import numpy as np
import torch

from hf_lstm.config import ModelSettings, TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.encoder import EncodedTexts, fill_empty
from hf_lstm.model.classifier import LSTMSentiment

MODEL = ModelSettings(embedding_dim=8, hidden_size=8).resolve(vocab_size=20, label_names=["neg", "pos"])
TRAIN = TrainConfig(num_epochs=3, batch_size=16, learning_rate=1e-2, precision="float32")
SHARDED = dataclasses.replace(
    TRAIN, num_epochs=2, batch_size=20, ema_decay=0.9, num_shards=4, best_by="loss", precision="auto"
)


def make_rows(num_rows: int, seed: int, *, num_labels: int = 2) -> LabeledTexts:
    """Rows of random ids, among them one of 2, 3, ... that tells the label."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, num_labels, num_rows)
    rows = [generator.integers(2 + num_labels, 20, generator.integers(3, 12)) for _ in range(num_rows)]
    for row, label in zip(rows, labels, strict=True):
        row[generator.integers(len(row))] = 2 + label
    offsets = np.cumsum([0, *map(len, rows)])
    texts = EncodedTexts(input_ids=np.concatenate(rows).astype(np.int32), offsets=offsets)
    return LabeledTexts(fill_empty(texts, 1), labels)


def make_model(seed: int = 0, **changes) -> LSTMSentiment:
    torch.manual_seed(seed)
    return LSTMSentiment(dataclasses.replace(MODEL, **changes))


def make_random_model(**changes) -> LSTMSentiment:
    """A model with everything that draws random numbers in training."""
    return make_model(**{"num_layers": 2, "dropout": 0.3, "word_dropout": 0.1, **changes})
