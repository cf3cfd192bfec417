"""A random model with a real tokenizer and any labels, and all poolings that there are to try."""

import typing

import torch

from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.config.model import SINGLE_LABEL
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.tokenization.build import train_tokenizer

POOLINGS = typing.get_args(typing.get_type_hints(ModelSettings)["pooling"])


def build_model(label_names=("neg", "pos"), *, problem_type=SINGLE_LABEL, **settings):
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a wonderful film with a great cast", "a dull film"], TokenizerConfig())
    config = ModelSettings(embedding_dim=6, hidden_size=8, max_length_tokens=32, **settings)
    vocab_size = tokenizer.get_vocab_size()
    config = config.resolve(vocab_size=vocab_size, label_names=label_names, problem_type=problem_type)
    return LSTMSentiment(config, tokenizer).eval()
