"""Builds the front matter of a model card.

From it the Hub finds, lists, labels and tries out a model.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from hf_lstm.config import ModelConfig, Recipe
from hf_lstm.records.places import IMDB, IN_MEMORY, SAMPLE, is_hub_id
from hf_lstm.records.report import TrickyReview
from hf_lstm.records.results import RunResults, SplitFigures, WordVectorFacts

IMDB_SOURCES = (IMDB, SAMPLE)

_IMDB_SUBSET = "plain_text"
_METRICS = ("accuracy", "precision", "recall", "f1")
_MICRO_METRICS = _METRICS[1:]
_MIXIN_TAGS = ("model_hub_mixin", "pytorch_model_hub_mixin")  # by which the Hub counts models of its mixin
_MAX_NAME_CHARACTERS = 80
"""Of a repository; the Hub takes 96, with the owner's name."""
_POSITIVE_NAMES = ("pos", "positive")
_REVIEWS_TO_TRY = {
    "Praise": "A wonderful film: funny, warm and beautifully played. I would watch it again tomorrow.",
    "Blame": "A waste of two hours. The plot makes no sense and nobody seems to care.",
}


@dataclass(frozen=True, kw_only=True)
class CardChoices:
    """Holds the publisher's choices for a card.

    Only the publisher of a model can say them. What is None is left out of the card.
    """

    license: str | None = None
    """Of the weights: an identifier such as `apache-2.0`."""
    language: str | None = None
    """Of the texts: a code such as `en`; by default known for film reviews alone."""

    def or_else(self, other: "CardChoices") -> "CardChoices":
        """Take from `other` what is None here."""
        return CardChoices(license=self.license or other.license, language=self.language or other.language)


def build_metadata(
    config: ModelConfig,
    *,
    recipe: Recipe | None,
    results: RunResults | None,
    name: str,
    repo_id: str | None,
    scored_reviews: Sequence[TrickyReview],
    choices: CardChoices,
) -> ModelCardData:
    """Build the front matter of a card.

    The results go into `model-index`, which the Hub shows for any data set; its newer `.eval_results/*.yaml` are for
    data sets registered as benchmarks, which IMDB is not. A model of the Hub that was fine-tuned is the `base_model`.

    Args:
        config: the model's config.
        recipe: how it was made, if that is known.
        results: what a run measured, if it did.
        name: the model's name, for its results.
        repo_id: where the model lives on the Hub: it is not given out as derived from itself.
        scored_reviews: tricky reviews with the model's answers.
        choices: of the publisher.
    """
    source = get_data_source(recipe, results)
    test = results.splits.get("test") if results else None
    eval_results = _build_eval_results(source, recipe, test) if source and test else None
    datasets = [IMDB] if source == SAMPLE else [source] if source and is_hub_id(source) else None
    is_sentiment = source in IMDB_SOURCES
    widget: dict[str, Any] = {"widget": _build_widget(config, scored_reviews)} if is_sentiment else {}
    base_model = get_base_model_id(results)
    derivation: dict[str, Any] = {}
    if base_model not in (None, repo_id):
        derivation = {"base_model": base_model, "base_model_relation": "finetune"}
    vectors = results.embeddings if results else None
    return ModelCardData(
        language=choices.language or ("en" if is_sentiment else None),
        license=choices.license,
        library_name="hf_lstm",
        pipeline_tag="text-classification",
        tags=[
            *("lstm", "recurrent-neural-network", "pytorch", *_MIXIN_TAGS),
            *(["bilstm"] if config.bidirectional else []),
            *(["multi-label-classification"] if config.is_multi_label else []),
            *(["sentiment-analysis", "movie-reviews"] if is_sentiment else []),
            *(["glove"] if vectors and are_glove(vectors) else []),
        ],
        datasets=datasets,
        metrics=list(_METRICS) if eval_results else None,
        model_name=name if eval_results else None,  # belongs to the results: they become the `model-index`
        eval_results=eval_results,
        **derivation,
        **widget,
    )


def get_data_source(recipe: Recipe | None, results: RunResults | None) -> str | None:
    """Return the source of the model's training data.

    It is a Hub id, `sample`, the name of a file or folder, or `data in memory`; None if nothing tells.
    """
    if results is not None:
        return results.dataset.source
    return recipe.data.dataset if recipe is not None else None


def get_base_model_id(results: RunResults | None) -> str | None:
    """Return the Hub id of the base model.

    None if nothing was fine-tuned, or the base was a folder.
    """
    base = results.init_from if results else None
    return base.source if base and base.is_on_hub else None


def name_dataset(source: str) -> str:
    """Return a data set's name for people, without local folders."""
    names = {IMDB: "IMDB", SAMPLE: "IMDB sample of hf_lstm"}
    return names.get(source) or (source if is_hub_id(source) else Path(source).name)


def name_repository(source: str | None, recipe_name: str | None) -> str:
    """Return a repository's name for a model of some data, like `imdb-lstm` or `tickets-pooled-bilstm`."""
    if source in IMDB_SOURCES:
        return "imdb-lstm"
    stem = "" if source in (None, IN_MEMORY) else Path(str(source).rstrip("/")).stem
    slug = re.sub(r"[^a-z0-9]+", "-", f"{stem} {recipe_name or 'lstm'}".lower()).strip("-")
    return slug[:_MAX_NAME_CHARACTERS].strip("-") or "lstm"


def are_glove(vectors: WordVectorFacts) -> bool:
    """Return whether pretrained word vectors are GloVe's.

    The names of their source tell.
    """
    return "glove" in f"{vectors.source} {vectors.file}".lower()


def _build_eval_results(source: str, recipe: Recipe | None, test: SplitFigures) -> list[EvalResult]:
    """List the test figures for the Hub.

    A test split that we cut ourselves is not given out as the data set's own.
    """
    is_official = recipe is not None and recipe.data.split == "official" and is_hub_id(source)
    figures = [(metric, getattr(test, metric), None if metric == "accuracy" else "macro") for metric in _METRICS]
    if test.multi_label is not None:
        figures += [(metric, getattr(test.multi_label, metric), "micro") for metric in _MICRO_METRICS]
    return [
        EvalResult(
            task_type="text-classification",
            task_name="Text Classification",
            dataset_type=source if is_hub_id(source) else name_dataset(source),
            dataset_name=name_dataset(source) + ("" if is_official else " (test split of the run)"),
            dataset_config=_IMDB_SUBSET if source == IMDB else None,
            dataset_split="test" if is_official else None,
            metric_type=metric,
            metric_name=metric.capitalize() + (" (micro)" if average == "micro" else ""),
            metric_value=round(value, 6),  # floats add up to 0.8844000000000001
            metric_args=None if average is None else {"average": average},
        )
        for metric, value, average in figures
    ]


def _build_widget(config: ModelConfig, scored_reviews: Sequence[TrickyReview]) -> list[dict[str, Any]]:
    """List reviews to try on the model's page.

    Where the model's answers were measured, the Hub shows them without running it.
    """
    widget: list[dict[str, Any]] = [{"text": text, "example_title": title} for title, text in _REVIEWS_TO_TRY.items()]
    for number, review in enumerate(scored_reviews, start=1):
        positive = review.positive_probability
        scores = {
            label: round(positive if label.casefold() in _POSITIVE_NAMES else 1 - positive, 4)
            for label in config.label_names
        }
        by_score = sorted(scores.items(), key=lambda item: -item[1])
        output = [{"label": label, "score": score} for label, score in by_score]
        widget.append({"text": review.text, "example_title": f"Tricky review {number}", "output": output})
    return widget
