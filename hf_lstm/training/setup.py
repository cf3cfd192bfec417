"""What a run has before its first step: the rows, their ids, and the untrained model with all that it starts from."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from numpy.typing import NDArray
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig, Recipe, TrainConfig
from hf_lstm.data.encoded import LabeledTexts, encode_split
from hf_lstm.data.loading import load_splits
from hf_lstm.data.sources import InMemorySplits
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.results import BaseModelFacts, WordVectorFacts
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer
from hf_lstm.training.fine_tuning import StartingPoint, load_starting_point
from hf_lstm.training.vector_files import fetch_vector_file
from hf_lstm.training.word_vectors import check_dimension, initialize_embedding, measure_coverage, read_word_vectors

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedRun:
    """All that training needs, and what the saved weights will be measured on."""

    recipe: Recipe
    """With what only the data, or the model to fine-tune, could tell."""
    splits: DatasetDict
    """`train`, `validation` and `test`, with the columns `text` and `label`."""
    encoded: dict[str, LabeledTexts]
    """The same rows as token ids."""
    model: LSTMSentiment
    """On its device, not trained yet."""
    base_model: BaseModelFacts | None
    """What its weights are a copy of, if they were not drawn at random."""
    word_vectors: WordVectorFacts | None
    """What its embedding starts from, if it was not drawn at random."""


def prepare_run(
    recipe: Recipe, device: torch.device, *, model_class: type[LSTMSentiment], in_memory: InMemorySplits | None = None
) -> PreparedRun:
    """Return the rows of a recipe, encoded, and its model on `device`, an instance of `model_class`.

    `in_memory` has the rows, if they were passed from Python.

    Raises:
        InputError: the model to fine-tune, the vocabulary, the word vectors, the data or a setting is unusable; looked
            at in this order, so that what costs little to find is found before the data are read.
    """
    start = None if recipe.train.init_from is None else load_starting_point(recipe.train.init_from)
    needs_no_texts = start is None and recipe.tokenizer.vocab is not None
    tokenizer = train_tokenizer((), recipe.tokenizer) if needs_no_texts else None
    vector_file = find_vector_file(recipe)
    splits = load_splits(recipe.data, in_memory)
    logger.info("data: %s", ", ".join(f"{name} {len(split):,} rows" for name, split in splits.items()))
    recipe, config, tokenizer = resolve_recipe(recipe, splits["train"], start, tokenizer)
    encoded = {name: encode_split(split, tokenizer, config) for name, split in splits.items()}
    model = build_model(model_class, config, tokenizer, seed=recipe.train.seed).to(device)
    base_model = None if start is None else start.copy_weights(model)
    size = f"{model.num_parameters:,} parameters, vocabulary {config.vocab_size:,}"
    logger.info("model: %s, on %s", size, device)
    word_vectors = None
    if vector_file is not None:
        word_vectors = use_word_vectors(model, vector_file, recipe.train, encoded["train"].texts.input_ids)
    return PreparedRun(recipe, splits, encoded, model, base_model, word_vectors)


def find_vector_file(recipe: Recipe) -> Path | None:
    """Return the file of pretrained word vectors, fetched and its dimension checked; None if the recipe has none.

    Raises:
        InputError: there is no such file, it cannot be read, or its vectors are not as long as the model's.
    """
    if recipe.train.embeddings is None:
        return None
    path = fetch_vector_file(recipe.train.embeddings, recipe.model.embedding_dim)
    check_dimension(path, recipe.model.embedding_dim)
    return path


def resolve_recipe(
    recipe: Recipe, train_split: Dataset, start: StartingPoint | None, tokenizer: Tokenizer | None = None
) -> tuple[Recipe, ModelConfig, Tokenizer]:
    """Return the recipe with its model's config complete, that config, and the tokenizer.

    The tokenizer is that of `start`, or `tokenizer`, or one that is trained here.

    With a model to fine-tune, its architecture and its way of finding words take the place of the recipe's.

    Raises:
        InputError: the texts have no word for the vocabulary, or `start` doesn't say how it finds words.
    """
    label_names = train_split.features["label"].names
    if start is not None:
        tokenizer_config = start.read_tokenizer_config() or recipe.tokenizer
        config = start.resolve(label_names)
        return replace(recipe, model=config, tokenizer=tokenizer_config), config, start.model.require_tokenizer()
    if tokenizer is None:
        tokenizer = train_tokenizer(train_split["text"], recipe.tokenizer)
    pad_token_id, unk_token_id = find_special_ids(tokenizer)
    config = recipe.model.resolve(
        vocab_size=tokenizer.get_vocab_size(),
        label_names=label_names,
        pad_token_id=pad_token_id,
        unk_token_id=unk_token_id,
    )
    return replace(recipe, model=config), config, tokenizer


def build_model(
    model_class: type[LSTMSentiment], config: ModelConfig, tokenizer: Tokenizer, *, seed: int
) -> LSTMSentiment:
    """Return a model on the CPU, its weights drawn from the seed.

    Raises:
        InputError: it does not fit into memory.
    """
    torch.manual_seed(seed)
    try:
        return model_class(config, tokenizer)
    except RuntimeError as error:
        if "allocate" not in str(error):
            raise
        raise InputError(
            f"the model does not fit into memory with model.hidden_size={config.hidden_size}, "
            f"model.embedding_dim={config.embedding_dim}: make them smaller"
        ) from None


def use_word_vectors(
    model: LSTMSentiment, path: Path, config: TrainConfig, train_ids: NDArray[np.int32]
) -> WordVectorFacts:
    """Put the vectors of a file into the model's embedding, and return what results.json says of them.

    Args:
        model: to be changed; its embedding won't be trained if `config.freeze_embeddings`.
        path: the file of vectors.
        config: what of them is frozen, and what words without one get.
        train_ids: int32 (num_tokens,), all that training reads.

    Raises:
        InputError: the file is damaged, or no word of the vocabulary has a vector.
    """
    found = read_word_vectors(path, model.require_tokenizer().get_vocab(), model.config.embedding_dim)
    initialize_embedding(model.embedding, found, missing=config.missing_vectors)
    model.embedding.weight.requires_grad_(not config.freeze_embeddings)  # neither steps nor decay touch it then
    vocab_size = model.config.vocab_size
    of_vocabulary, of_tokens = measure_coverage(found, vocab_size=vocab_size, train_ids=train_ids)
    num_found = len(found.ids)
    entries = f"{num_found:,} of {vocab_size:,} vocabulary entries ({100 * of_vocabulary:.2f} %)"
    tokens = f"{100 * of_tokens:.2f} % of the tokens of train"
    logger.info("embeddings: %s and %s have a vector in %s", entries, tokens, path.name)
    assert config.embeddings is not None
    return WordVectorFacts(
        source=config.embeddings,
        file=path.name,
        is_frozen=config.freeze_embeddings,
        num_found=num_found,
        num_entries=vocab_size,
        share_of_vocabulary=of_vocabulary,
        share_of_train_tokens=of_tokens,
    )
