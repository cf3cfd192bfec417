"""Completes a recipe by its rows, or by the model that it starts from."""

import itertools
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from datasets import Dataset
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig, Recipe, TokenizerConfig
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.encoding.scripts import are_unspaced, needs_any_script
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.label_feature import Labels
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer
from hf_lstm.training.bases.loading import Base

logger = logging.getLogger(__name__)


def complete_data(recipe: Recipe, base: Base, in_memory: InMemorySplits | None) -> Recipe:
    """Fill in what the run of the model to start from was told of its rows, unless these have no names of columns."""
    if in_memory is not None and not in_memory.names_columns:
        return recipe
    return replace(recipe, data=base.complete_data(recipe.data))


def resolve_recipe(
    recipe: Recipe,
    train_split: Dataset,
    base: Base | None,
    tokenizer: Tokenizer | None = None,
    *,
    more_texts: Sequence[str] = (),
) -> tuple[Recipe, ModelConfig, Tokenizer]:
    """Complete the recipe's model config, and choose the tokenizer.

    Returns the recipe with that config, the config, and the tokenizer. The tokenizer is that of `base`, or `tokenizer`,
    or one that is trained here, on train and `more_texts`. With a model to fine-tune, its architecture and its way of
    finding words take the place of the recipe's, but for what was given of settings that no weight depends on; with a
    language model, only those of embedding and LSTM do.

    Raises:
        InputError: the texts have no word for the vocabulary, or `base` doesn't say how it finds words.
    """
    labels = Labels.of_rows(train_split)
    if base is not None:
        tokenizer_config = base.read_tokenizer_config() or recipe.tokenizer
        config = base.resolve(labels, recipe.model, recipe.given)
        return replace(recipe, model=config, tokenizer=tokenizer_config), config, base.tokenizer
    if tokenizer is None:
        texts = train_split["text"][:]
        recipe = replace(recipe, tokenizer=choose_words(recipe, texts))
        tokenizer = train_tokenizer(itertools.chain(texts, more_texts), recipe.tokenizer)
    pad_token_id, unk_token_id = find_special_ids(tokenizer)
    config = recipe.model.resolve(
        vocab_size=tokenizer.get_vocab_size(),
        label_names=labels.names,
        problem_type=labels.problem_type,
        pad_token_id=pad_token_id,
        unk_token_id=unk_token_id,
    )
    return replace(recipe, model=config), config, tokenizer


def choose_words(recipe: Recipe, texts: Sequence[str]) -> TokenizerConfig:
    """Choose how words are found, where our own recipe would lose signs or find whole sentences.

    Most letters without blanks between words: byte pairs. Else, as in any script.
    """
    chosen = recipe.tokenizer
    if chosen.words in ("any_script", "whitespace", "bpe") or not needs_any_script(texts):
        return chosen
    better: Literal["bpe", "any_script"] = "any_script"
    what = "train has vowel signs or accents inside words"
    if are_unspaced(texts):
        better, what = "bpe", "train is of a script that sets no blanks between words"
    is_plain = chosen.stop_words == "keep" and chosen.unknown_words == "mark"
    if recipe.name == DEFAULT_RECIPE and chosen.words == get_recipe(DEFAULT_RECIPE).tokenizer.words and is_plain:
        logger.info("%s: tokenizer.words is %s", what, better)
        return replace(chosen, words=better)
    logger.warning("%s, which tokenizer.words=%s misreads: --set tokenizer.words=%s", what, chosen.words, better)
    return chosen
