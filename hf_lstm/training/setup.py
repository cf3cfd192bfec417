"""What a run has before its first step: the rows, their ids, and the untrained model with all that it starts from."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from numpy.typing import NDArray
from tokenizers import Tokenizer

from hf_lstm.config import Recipe, TrainConfig
from hf_lstm.data.encoded import LabeledTexts, encode_split
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment
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
    origin: dict[str, Any]
    """What results.json says of weights that were not drawn at random: `embeddings` or `init_from`, or nothing."""


def prepare_run(
    recipe: Recipe,
    device: torch.device,
    *,
    text_column: str | None,
    label_column: str | None,
    model_class: type[LSTMSentiment],
) -> PreparedRun:
    """Return the rows of a recipe, encoded, and its model on `device`, an instance of `model_class`.

    Raises:
        InputError: the model to fine-tune, the vocabulary, the word vectors, the data or a setting is unusable; looked
            at in this order, so that what costs little to find is found before the data are read.
    """
    start = None if recipe.train.init_from is None else load_starting_point(recipe.train.init_from)
    needs_no_texts = start is None and recipe.tokenizer.vocab is not None
    tokenizer = train_tokenizer((), recipe.tokenizer) if needs_no_texts else None
    vector_file = find_vector_file(recipe)
    splits = load_splits(recipe.data, text_column=text_column, label_column=label_column)
    logger.info("data: %s", ", ".join(f"{name} {len(split):,} rows" for name, split in splits.items()))
    recipe, tokenizer = resolve_recipe(recipe, splits["train"], start, tokenizer)
    encoded = {name: encode_split(split, tokenizer, recipe.model) for name, split in splits.items()}
    model = build_model(recipe, tokenizer, model_class).to(device)
    origin: dict[str, Any] = {}
    if start is not None:
        origin["init_from"] = start.copy_weights(model)
    size, vocab_size = model.num_parameters, recipe.model.vocab_size
    logger.info("model: %s parameters, vocabulary %s, on %s", f"{size:,}", f"{vocab_size:,}", device)
    if vector_file is not None:
        train_ids = encoded["train"].texts.input_ids
        origin["embeddings"] = use_word_vectors(model, vector_file, recipe.train, train_ids)
    return PreparedRun(recipe, splits, encoded, model, origin)


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
) -> tuple[Recipe, Tokenizer]:
    """Return the recipe with its model's config complete, and the tokenizer: of `start`, or `tokenizer`, or trained.

    With a model to fine-tune, its architecture and its way of finding words take the place of the recipe's.

    Raises:
        InputError: the texts have no word for the vocabulary, or `start` doesn't say how it finds words.
    """
    label_names = train_split.features["label"].names
    if start is not None:
        tokenizer_config = start.read_tokenizer_config() or recipe.tokenizer
        return replace(recipe, model=start.resolve(label_names), tokenizer=tokenizer_config), start.tokenizer
    if tokenizer is None:
        tokenizer = train_tokenizer(train_split["text"], recipe.tokenizer)
    pad_token_id, unk_token_id = find_special_ids(tokenizer)
    config = recipe.model.resolve(
        vocab_size=tokenizer.get_vocab_size(),
        label_names=label_names,
        pad_token_id=pad_token_id,
        unk_token_id=unk_token_id,
    )
    return replace(recipe, model=config), tokenizer


def build_model(recipe: Recipe, tokenizer: Tokenizer, model_class: type[LSTMSentiment]) -> LSTMSentiment:
    """Return a model of a resolved recipe on the CPU, its weights drawn from the recipe's seed.

    Raises:
        InputError: it does not fit into memory.
    """
    torch.manual_seed(recipe.train.seed)
    try:
        model = model_class(recipe.model, tokenizer)
    except RuntimeError as error:
        if "allocate" not in str(error):
            raise
        raise InputError(
            f"the model does not fit into memory with model.hidden_size={recipe.model.hidden_size}, "
            f"model.embedding_dim={recipe.model.embedding_dim}: make them smaller"
        ) from None
    model.recipe = recipe.to_dict()
    return model


def use_word_vectors(
    model: LSTMSentiment, path: Path, config: TrainConfig, train_ids: NDArray[np.int32]
) -> dict[str, Any]:
    """Put the vectors of a file into the model's embedding, and return what results.json says of them.

    Args:
        model: to be changed; its embedding won't be trained if `config.freeze_embeddings`.
        path: the file of vectors.
        config: what of them is frozen, and what words without one get.
        train_ids: int32 (num_tokens,), all that training reads.

    Raises:
        InputError: the file is damaged, or no word of the vocabulary has a vector.
    """
    assert model.tokenizer is not None
    found = read_word_vectors(path, model.tokenizer.get_vocab(), model.config.embedding_dim)
    initialize_embedding(model.embedding, found, missing=config.missing_vectors)
    model.embedding.weight.requires_grad_(not config.freeze_embeddings)  # neither steps nor decay touch it then
    coverage = measure_coverage(found, vocab_size=model.embedding.num_embeddings, train_ids=train_ids)
    logger.info(
        "embeddings: %s of %s vocabulary entries (%.2f %%) and %.2f %% of the tokens of train have a vector in %s",
        f"{coverage['num_found']:,}",
        f"{coverage['num_entries']:,}",
        100 * coverage["share_of_vocabulary"],
        100 * coverage["share_of_train_tokens"],
        path.name,
    )
    return {"source": config.embeddings, "file": path.name, "is_frozen": config.freeze_embeddings, **coverage}
