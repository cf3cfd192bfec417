"""Starts an embedding from what linear models know of the words."""

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.nn.problem import Problem
from hf_lstm.teaching.ngrams import NgramClassifier, mark_words

_SPREAD = 0.1
"""Standard deviation of the random numbers. PyTorch's own, 1, drowns what a few thousand rows can teach a word."""


@torch.no_grad()
def start_from_ngrams(model: LSTMNetwork, rows: LabeledTexts, *, has_vectors: bool = False) -> None:
    """Put a linear model's weight of each word into the embedding.

    The random embedding is shrunk, and has the weights in its first dimensions. Word vectors stay as they are, but for
    the last dimensions, of which they have the least to say. There is one dimension for two labels, one of which each
    text has, else one for each label, as far as there are dimensions. The weights are those of NB-SVM on the words that
    a text has, with a standard deviation of 1.
    """
    weights = learn_word_weights(rows, model.problem, num_words=model.config.vocab_size)
    table = model.embedding.weight
    num_columns = min(weights.shape[1], table.shape[1])
    columns = slice(-num_columns, None) if has_vectors else slice(num_columns)
    if not has_vectors:
        table.mul_(_SPREAD)
    table[:, columns] = torch.from_numpy(weights[:, :num_columns]).to(table)
    table[model.config.pad_token_id] = 0


def learn_word_weights(rows: LabeledTexts, problem: Problem, *, num_words: int) -> NDArray[np.float32]:
    """Learn how much the words of a vocabulary say for each label, float32 (num_words, num_columns)."""
    classifier = NgramClassifier(problem).fit(mark_words(rows.texts, num_words), rows.labels)
    return classifier.weights / np.maximum(classifier.weights.std(axis=0), 1e-6)  # type: ignore[no-any-return]
