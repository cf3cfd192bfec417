"""Reads the word vectors of a saved model, reduced to fewer dimensions where a smaller model is to start from them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from hf_lstm.errors import InputError
from hf_lstm.files import CONFIG_FILE
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.pretraining.folder import is_language_model, read_language_model
from hf_lstm.training.word_vectors import WordVectors


def check_model_vectors(folder: Path, embedding_dim: int) -> None:
    """Check that a folder holds a model whose word vectors have `embedding_dim` dimensions or more.

    Raises:
        InputError: it does not.
    """
    if not (folder / CONFIG_FILE).is_file():
        raise InputError(f"embeddings {folder}: is a folder without a saved model; expected one, or a file of vectors")
    num_dimensions = _read(folder)[1].shape[1]
    if num_dimensions < embedding_dim:
        raise InputError(
            f"embeddings {folder}: has word vectors of {num_dimensions} values, but model.embedding_dim is "
            f"{embedding_dim}; expected as many or fewer"
        )


def read_model_vectors(folder: Path, vocab: Mapping[str, int], embedding_dim: int) -> WordVectors:
    """Read the vectors of a vocabulary's words from a saved classifier or language model.

    Longer vectors are reduced to `embedding_dim` values by a principal component analysis of the words found, which
    keeps the distances between words as well as so many values can.

    Raises:
        InputError: the model is damaged, or has none of the words.
    """
    tokenizer, table = _read(folder)
    theirs = tokenizer.get_vocab()
    words = [word for word in vocab if word in theirs]
    if not words:
        raise InputError(f"embeddings {folder}: has a vector for none of the {len(vocab)} entries of the vocabulary")
    vectors = table[[theirs[word] for word in words]]
    if vectors.shape[1] > embedding_dim:
        vectors = reduce_vectors(vectors, embedding_dim)
    return WordVectors(np.array([vocab[word] for word in words], dtype=np.int64), vectors.numpy())


def reduce_vectors(vectors: Tensor, num_dimensions: int) -> Tensor:
    """Project vectors `(num_words, num_values)` on their first principal components, about their mean."""
    centered = (vectors - vectors.mean(dim=0)).double()
    _, directions = torch.linalg.eigh(centered.T @ centered)  # the last ones have the largest variance
    projected: Tensor = centered @ directions[:, -num_dimensions:].flip(1)
    return projected.float()


def _read(folder: Path) -> tuple[Tokenizer, Tensor]:
    if is_language_model(folder):
        saved = read_language_model(folder)
        return saved.tokenizer, saved.weights["embedding.weight"].float()
    model = LSTMSentiment.from_pretrained(folder)
    return model.require_tokenizer(), model.embedding.weight.detach().float()
