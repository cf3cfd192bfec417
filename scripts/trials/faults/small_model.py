"""Saves a small model to damage."""

from pathlib import Path

import torch

from hf_lstm import LSTMSentiment
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.tokenization.build import train_tokenizer

_TEXTS = ["a wonderful film with a great cast", "a dull film and a waste of time"]


def save_small_model(folder: Path) -> Path:
    """Save a random model of 8 units, and return its folder."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(_TEXTS, TokenizerConfig())
    settings = ModelSettings(embedding_dim=6, hidden_size=8)
    config = settings.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"])
    LSTMSentiment(config, tokenizer).save_pretrained(folder)
    return folder
