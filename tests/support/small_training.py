"""Makes what training takes, small: rows of random ids, and a model with everything that draws random numbers."""

import dataclasses

import numpy as np
import torch

from hf_lstm.config import ModelSettings, TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.tokenization.encoder import EncodedTexts

MODEL = ModelSettings(embedding_dim=8, hidden_size=8, num_layers=2, dropout=0.3, word_dropout=0.1).resolve(
    vocab_size=30, label_names=["neg", "pos"]
)
TRAIN = TrainConfig(num_epochs=2, batch_size=20, learning_rate=1e-2, ema_decay=0.9, num_shards=4, best_by="loss")


def make_rows(num_rows: int, seed: int) -> LabeledTexts:
    generator = np.random.default_rng(seed)
    offsets = np.cumsum([0, *generator.integers(1, 40, num_rows)])
    texts = EncodedTexts(generator.integers(2, 30, offsets[-1]).astype(np.int32), offsets)
    return LabeledTexts(texts, generator.integers(0, 2, num_rows))


def make_model(**changes) -> LSTMSentiment:
    torch.manual_seed(0)
    return LSTMSentiment(dataclasses.replace(MODEL, **changes))
