"""Reads the word vectors of a saved model, reduced to fewer dimensions where a smaller model is to start from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hf_lstm.errors import InputError
from hf_lstm.files.names import CONFIG_FILE
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.pretraining.folder import is_language_model, read_language_model
from hf_lstm.training.vectors.glove import WordVectors


@dataclass(frozen=True)
class ModelVectors:
    """Holds the word vectors of a saved classifier or language model, read once."""

    path: Path
    vocab: Mapping[str, int]
    table: Tensor
    """float32 (vocabulary, values)"""

    def find(self, vocab: Mapping[str, int], embedding_dim: int) -> WordVectors:
        """Find the vectors of another vocabulary's words.

        Longer vectors are reduced to `embedding_dim` values by a principal component analysis of the words found, which
        keeps the distances between words as well as so many values can.

        Raises:
            InputError: there are none.
        """
        # In the order of their ids, as tokenizers list theirs anew in each process, and sums depend on the order.
        words = sorted((word for word in vocab if word in self.vocab), key=vocab.__getitem__)
        if not words:
            raise InputError(
                f"embeddings {self.path}: has a vector for none of the {len(vocab)} entries of the vocabulary"
            )
        vectors = self.table[[self.vocab[word] for word in words]]
        if vectors.shape[1] > embedding_dim:
            vectors = reduce_vectors(vectors, embedding_dim)
        return WordVectors(np.array([vocab[word] for word in words], dtype=np.int64), vectors.numpy())


def read_model_vectors(folder: Path, embedding_dim: int) -> ModelVectors:
    """Read the vectors of a saved model, which have `embedding_dim` dimensions or more.

    Raises:
        InputError: there is no model, it is damaged, or its vectors are shorter.
    """
    if not (folder / CONFIG_FILE).is_file():
        raise InputError(f"embeddings {folder}: is a folder without a saved model; expected one, or a file of vectors")
    if is_language_model(folder):
        saved = read_language_model(folder)
        tokenizer, table = saved.tokenizer, saved.weights["embedding.weight"].float()
    else:
        model = LSTMSentiment.from_pretrained(folder)
        tokenizer, table = model.require_tokenizer(), model.embedding.weight.detach().float()
    if table.shape[1] < embedding_dim:
        raise InputError(
            f"embeddings {folder}: has word vectors of {table.shape[1]} values, but model.embedding_dim is "
            f"{embedding_dim}; expected as many or fewer"
        )
    return ModelVectors(folder, tokenizer.get_vocab(), table)


def reduce_vectors(vectors: Tensor, num_dimensions: int) -> Tensor:
    """Project vectors `(num_words, num_values)` on their first principal components, about their mean."""
    centered = (vectors - vectors.mean(dim=0)).double()
    _, directions = torch.linalg.eigh(centered.T @ centered)  # the last ones have the largest variance
    projected: Tensor = centered @ directions[:, -num_dimensions:].flip(1)
    return projected.float()
