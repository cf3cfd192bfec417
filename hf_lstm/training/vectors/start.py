"""Has an embedding start from pretrained vectors: those of a file, of a saved model, or those that come along."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hf_lstm.config import Recipe, TrainConfig
from hf_lstm.config.train import AUTO
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.results import WordVectorFacts
from hf_lstm.shipped import locate_model
from hf_lstm.training.vectors.files import fetch_vector_file
from hf_lstm.training.vectors.glove import (
    WordVectors,
    check_dimension,
    initialize_embedding,
    measure_coverage,
    read_word_vectors,
)
from hf_lstm.training.vectors.saved_models import read_model_vectors
from hf_lstm.training.vectors.shipped import SOURCE, read_shipped_vectors

logger = logging.getLogger(__name__)

MIN_SHARE_OF_TOKENS = 0.7
"""Of train's tokens that vectors must have which nobody asked for. Of English texts of any kind they have nine in ten,
of German or Spanish ones about three: names, numbers and marks."""


@dataclass(frozen=True)
class VectorSource:
    """Finds the vectors of a vocabulary's words."""

    path: Path
    """The file, or the folder of a model."""
    find: Callable[[Mapping[str, int], int], WordVectors]
    """Takes the vocabulary and the dimension."""
    comes_along: bool = False
    """Whether nobody asked for these: they are left out where they don't fit."""


def find_vector_source(recipe: Recipe) -> VectorSource | None:
    """Fetch the recipe's file of word vectors, or read those of a model, and check the dimension.

    None if the recipe has none, or those that come along have fewer dimensions.

    Raises:
        InputError: there is no such file or model, it cannot be read, or its vectors are not as long as the model's.
    """
    source, embedding_dim = recipe.train.embeddings, recipe.model.embedding_dim
    if source is None:
        return _find_shipped_vectors(embedding_dim) if recipe.train.init_from == AUTO else None
    if (folder := Path(locate_model(source))).is_dir():
        return VectorSource(folder, read_model_vectors(folder, embedding_dim).find)
    path = fetch_vector_file(source, embedding_dim)
    check_dimension(path, embedding_dim)
    return VectorSource(path, partial(read_word_vectors, path))


def _find_shipped_vectors(embedding_dim: int) -> VectorSource | None:
    vectors = read_shipped_vectors()
    num_dimensions = vectors.table.shape[1]
    if num_dimensions < embedding_dim:
        logger.info(
            "start: without the word vectors that come along, of %d numbers: model.embedding_dim is %d",
            num_dimensions,
            embedding_dim,
        )
        return None

    def find(vocab: Mapping[str, int], embedding_dim: int) -> WordVectors:
        if vectors.vocab.keys().isdisjoint(vocab):
            return WordVectors(np.empty(0, np.int64), np.empty((0, embedding_dim), np.float32))
        return vectors.find(vocab, embedding_dim)

    return VectorSource(vectors.path, find, comes_along=True)


def use_word_vectors(
    model: LSTMSentiment, source: VectorSource, config: TrainConfig, train_ids: NDArray[np.int32]
) -> WordVectorFacts | None:
    """Put pretrained vectors into the embedding, and return their facts.

    The facts are for results.json. None, and nothing is changed, if the vectors come along and few tokens of train have
    one.

    Args:
        model: to be changed; its embedding won't be trained if `config.freeze_embeddings`.
        source: of the vectors.
        config: what of them is frozen, and what words without one get.
        train_ids: int32 (num_tokens,), all that training reads.

    Raises:
        InputError: the file is damaged, or no word of the vocabulary has a vector.
    """
    vocab_size, vocab = model.config.vocab_size, model.require_tokenizer().get_vocab()
    found = source.find(vocab, model.config.embedding_dim)
    of_vocabulary, of_tokens = measure_coverage(found, vocab_size=vocab_size, train_ids=train_ids)
    if source.comes_along and of_tokens < MIN_SHARE_OF_TOKENS:
        logger.info(
            "start: without the word vectors that come along, which %.0f %% of the tokens of train have",
            100 * of_tokens,
        )
        return None
    initialize_embedding(model.embedding, found, missing=config.missing_vectors)
    model.embedding.weight.requires_grad_(not config.freeze_embeddings)  # then neither steps nor decay change it
    num_found = len(found.ids)
    entries = f"{num_found:,} of {vocab_size:,} vocabulary entries ({100 * of_vocabulary:.2f} %)"
    tokens = f"{100 * of_tokens:.2f} % of the tokens of train"
    where = "among those that come along" if source.comes_along else f"in {source.path.name}"
    logger.info("embeddings: %s and %s have a vector %s", entries, tokens, where)
    return WordVectorFacts(
        source=config.embeddings or SOURCE,
        file=source.path.name,
        is_frozen=config.freeze_embeddings,
        num_found=num_found,
        num_entries=vocab_size,
        share_of_vocabulary=of_vocabulary,
        share_of_train_tokens=of_tokens,
    )
