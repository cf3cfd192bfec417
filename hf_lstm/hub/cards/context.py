"""Builds the variables of the model card's template."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from hf_lstm.config import ModelConfig, Recipe
from hf_lstm.config.model import SET_BY_DATA
from hf_lstm.config.recipe import SECTIONS
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, RECIPES
from hf_lstm.hub.cards.findings import Findings
from hf_lstm.hub.cards.metadata import (
    IMDB_SOURCES,
    CardChoices,
    are_glove,
    build_metadata,
    get_base_model_id,
    get_data_source,
    name_dataset,
    name_repository,
)
from hf_lstm.hub.cards.training import describe_teaching, describe_time, describe_unlabeled
from hf_lstm.markdown import format_cell, format_percent
from hf_lstm.records.places import SAMPLE, is_hub_id
from hf_lstm.records.results import RunResults, SplitFigures

MAX_NAMED_LABELS = 20
"""The labels that the card's first paragraph names."""

_PUBLISHED_ACCURACIES = {"test_accuracy": "test", "validation_accuracy": "validation"}
"""The split of each published accuracy, by its name in recipes."""


def build_context(
    config: ModelConfig,
    recipe: Recipe | None,
    results: RunResults | None,
    repo_id: str | None,
    choices: CardChoices,
    found: Findings,
    short_texts: str | None = None,
) -> dict[str, Any]:
    """Build the template's variables; they are described at `render_card`."""
    source = get_data_source(recipe, results)
    name = repo_id.rpartition("/")[2] if repo_id else name_repository(source, recipe.name if recipe else None)
    is_imdb = source in IMDB_SOURCES
    splits = dict(sorted(results.splits.items(), key=lambda item: item[0] != "test")) if results else {}
    metadata = build_metadata(
        config,
        recipe=recipe,
        results=results,
        name=name,
        repo_id=repo_id,
        scored_reviews=found.tricky_reviews,
        choices=choices,
    )
    vectors = results.embeddings if results else None
    return {
        "card_data": metadata.to_yaml(),
        "title": name,
        "architecture": _describe_architecture(config),
        "config": config,
        "what_is_read": _describe_truncation(config),
        "labels": config.label_names[:MAX_NAMED_LABELS],
        "license": choices.license,
        "recipe": recipe,
        "description": _describe_recipe(recipe) if recipe else None,
        "teaching": describe_teaching(recipe, is_english_reviews=is_imdb) if recipe else [],
        "time": describe_time(recipe, results) if results else None,
        "short_texts": short_texts,
        "settings": _list_settings(recipe) if recipe else [],
        "results": results,
        "published": _compare_with_published(recipe, splits) if recipe else [],
        "vectors": vectors,
        "has_glove": vectors is not None and are_glove(vectors),
        "base_model": get_base_model_id(results),
        "repo_id": repo_id,
        "our_recipe": recipe.name if recipe and recipe.name in RECIPES else DEFAULT_RECIPE,
        "example": "A wonderful film." if is_imdb else "A text to classify.",
        "splits": splits,
        "unknown_tokens": [
            f"{format_percent(figures.unknown_tokens)} ({format_cell(split)})"
            for split, figures in splits.items()
            if figures.unknown_tokens is not None
        ],
        "baselines": [each for each in results.baselines if "test" in each.splits] if results else [],
        "found": found,
        **_build_data_context(recipe, results),
    }


def _build_data_context(recipe: Recipe | None, results: RunResults | None) -> dict[str, Any]:
    """Build the template's variables on the data set."""
    source = get_data_source(recipe, results)
    return {
        "source": source,
        "is_imdb": source in IMDB_SOURCES,
        "is_on_hub": source is not None and (source == SAMPLE or is_hub_id(source)),
        "dataset_name": name_dataset(source) if source else None,
        "data_sentence": _describe_data(source, recipe) if source else None,
        "unlabeled_sentence": describe_unlabeled(recipe, source) if recipe else None,
        "duplicates": _describe_duplicates(results.dataset.duplicates) if results else None,
    }


def _describe_recipe(recipe: Recipe) -> str:
    """Describe a recipe as it is described today, whatever the run's own file says, and whoever reads it."""
    return (RECIPES.get(recipe.name) or recipe).description.removeprefix("ours: ")


def _list_settings(recipe: Recipe) -> list[tuple[str, Any]]:
    """Return all settings of a recipe as `section.name` and value."""
    sections = {name: getattr(recipe, name) for name in SECTIONS}
    return [
        (f"{section}.{field.name}", getattr(settings, field.name))
        for section, settings in sections.items()
        for field in dataclasses.fields(settings)
        if field.name not in SET_BY_DATA
    ]


def _compare_with_published(recipe: Recipe, splits: Mapping[str, SplitFigures]) -> list[tuple[str, float, float]]:
    """List the published accuracies beside this run's.

    Each has its split, the accuracy published, and this run's, both as shares.
    """
    return [
        (split, recipe.published[name] / 100, splits[split].accuracy)
        for name, split in _PUBLISHED_ACCURACIES.items()
        if name in recipe.published and split in splits
    ]


def _describe_architecture(config: ModelConfig) -> str:
    layers = "1 layer" if config.num_layers == 1 else f"{config.num_layers} layers"
    direction = "bidirectional, " if config.bidirectional else ""
    units = f"{config.hidden_size} units{' in each direction' if config.bidirectional else ''}"
    words = f"embeddings of {config.embedding_dim}, {config.vocab_size:,} vocabulary entries"
    steps = f", {config.words_per_step} words a step" if config.words_per_step > 1 else ""
    return f"{direction}{layers} of {units}{steps}, {words}"


def _describe_truncation(config: ModelConfig) -> str:
    """Describe in words how a text is cut."""
    limit = config.max_length_tokens
    if config.truncation == "head_tail":
        return f"the first {limit - limit // 2:,} and the last {limit // 2:,} tokens"
    return f"the {config.truncation} {limit:,} tokens"


def _describe_data(source: str, recipe: Recipe | None) -> str:
    link = f"[{source}](https://huggingface.co/datasets/{source})"
    where = link if is_hub_id(source) else format_cell(name_dataset(source))
    if recipe is not None and recipe.data.split != "official":
        return f"All labeled rows of {where}, pooled, permuted and cut anew: test is not the data set's own."
    return f"The labeled rows of {where}."


def _describe_duplicates(duplicates: dict[str, int]) -> dict[str, int]:
    """Describe the counts of duplicates, leaving out zeros.

    `test_in_train: 3` becomes `test rows whose text is in train: 3`.
    """
    described = {}
    for key, num_rows in duplicates.items():
        split, is_across, other = key.partition("_in_")
        where = f"{split} rows whose text is in {other}" if is_across else f"repeats {key.replace('_', ' ')}"
        if num_rows:
            described[where] = num_rows
    return described
