"""Scores a model on a split: logits to figures, and what the texts tell of its mistakes."""

import hashlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch.nn import functional

from hf_lstm.config import ModelConfig
from hf_lstm.data.encoded import LabeledTexts, encode_split
from hf_lstm.errors import InputError
from hf_lstm.evaluation.calibration import compute_calibration
from hf_lstm.evaluation.error_analysis import (
    find_driving_words,
    group_mistakes,
    measure_by_length,
    measure_unseen,
    score_tricky_reviews,
)
from hf_lstm.evaluation.metrics import ClassificationMetrics
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.prediction import compute_logits, compute_probabilities

MAX_PAIRS = 10
"""Of labels mistaken for one another, of which the mistakes are shown."""
MAX_MISTAKES_PER_PAIR = 10
_CURVES = ("train", "validation")


def evaluate_split(model: LSTMSentiment, split: LabeledTexts, dtype: torch.dtype) -> dict[str, Any]:
    """Return what `measure_logits` says of the model's logits on a split, computed in `dtype`."""
    return measure_logits(compute_logits(model, split.texts, dtype=dtype), split.labels, model.config)


def measure_logits(logits: torch.Tensor, labels: NDArray[np.int64], config: ModelConfig) -> dict[str, Any]:
    """Return the figures of logits (num_rows, num_labels) against labels (num_rows,).

    `loss` (mean over rows, nats) and `expected_calibration_error` are of the logits as they stand, comparable with what
    others publish; `calibrated_loss` and `calibrated_expected_calibration_error` of the logits divided by the model's
    temperature, which is what `predict_proba` answers from. The others are those of `ClassificationMetrics`.
    """
    metrics = ClassificationMetrics([(config.id2label or {})[i] for i in range(config.num_labels)])
    metrics.add_batch(predictions=logits.argmax(dim=1).numpy(), references=labels)
    figures = {}
    for prefix, temperature in (("", 1.0), ("calibrated_", config.temperature)):
        losses = functional.cross_entropy(logits / temperature, torch.from_numpy(labels), reduction="none")
        calibration = compute_calibration(compute_probabilities(logits, temperature), labels)
        figures[f"{prefix}loss"] = losses.sum().item() / len(labels)
        figures[f"{prefix}expected_calibration_error"] = calibration["expected_calibration_error"]
    return {**figures, **metrics.compute()}


@dataclass(frozen=True)
class ScoredSplit:
    """The rows of a split and the model's answers to them: computed once, and all that a report is made of."""

    name: str
    """`train`, `validation` or `test`"""
    rows: Dataset
    """With the column `text`."""
    labels: NDArray[np.int64]
    """(num_rows,)"""
    logits: torch.Tensor
    """float32 (num_rows, num_labels)"""


def score_split(model: LSTMSentiment, name: str, rows: Dataset, dtype: torch.dtype) -> ScoredSplit:
    """Return the rows, with columns `text` and `label`, and the model's logits on them, computed in `dtype`."""
    assert model.tokenizer is not None
    encoded = encode_split(rows, model.tokenizer, model.config)
    return ScoredSplit(name, rows, encoded.labels, compute_logits(model, encoded.texts, dtype=dtype))


def measure_split(model: LSTMSentiment, split: ScoredSplit, title: str, source: str, precision: str) -> dict[str, Any]:
    """Return the figures of a split and what they were measured of: the part of a report that needs no texts read.

    Args:
        model: whose logits the split has.
        split: what was measured.
        title: the model's name for people.
        source: the data set's name.
        precision: what the logits were computed in.

    Raises:
        InputError: the model's results.json is not what a run writes.
    """
    results = model.results or {}
    _check_epochs(results)
    return {
        "model": title,
        "num_parameters": model.num_parameters,
        "dataset": source,
        "split": split.name,
        "rows_sha256": _hash_rows(split),
        "device": str(model.embedding.weight.device),
        "precision": precision,
        "temperature": model.config.temperature,
        "max_length_tokens": model.config.max_length_tokens,
        "metrics": measure_logits(split.logits, split.labels, model.config),
        "calibration": {
            name: compute_calibration(compute_probabilities(split.logits, temperature), split.labels)
            for name, temperature in (("raw", 1.0), ("calibrated", model.config.temperature))
        },
        "epochs": results.get("epochs", []),
        "best_epoch": results.get("best_epoch"),
        "elapsed_s": results.get("elapsed_s"),
    }


def analyze_split(
    model: LSTMSentiment, split: ScoredSplit, seen: Mapping[str, AbstractSet[str]] | None, precision: str
) -> dict[str, Any]:
    """Return what the texts tell of the figures: length, rows that earlier splits have too, tricky reviews, mistakes.

    Args:
        model: whose logits the split has.
        split: what was measured.
        seen: the texts of the splits used before, by name; None if they are not at hand, or the split is train itself.
        precision: what to compute in.
    """
    texts: list[str] = split.rows["text"][:]
    is_right = split.logits.argmax(dim=1).numpy() == split.labels
    return {
        "by_length": measure_by_length(texts, is_right),
        "unseen": None if seen is None else measure_unseen(texts, is_right, seen),
        "tricky_reviews": score_tricky_reviews(model, precision),
        "mistakes": list(_describe_mistakes(model, split, texts)),
    }


def _check_epochs(results: Mapping[str, Any]) -> None:
    """Refuse a results.json of somebody else's making: its epochs are drawn and listed."""
    try:
        for record in results.get("epochs", []):
            numbers = [record["epoch"], *(record[part][name] for part in _CURVES for name in ("loss", "accuracy"))]
            if not all(isinstance(number, int | float) for number in numbers):
                raise TypeError(f"{numbers} are not numbers")
    except (KeyError, TypeError) as error:
        raise InputError(
            f"the model's results.json is not from a run of hf_lstm: epochs: {error!r}; remove the file"
        ) from None


def _describe_mistakes(model: LSTMSentiment, split: ScoredSplit, texts: list[str]) -> Iterator[dict[str, Any]]:
    names = model.config.id2label or {}
    probabilities = compute_probabilities(split.logits, model.config.temperature)
    for pair in group_mistakes(probabilities, split.labels)[:MAX_PAIRS]:
        label, predicted = names[pair.label_id], names[pair.predicted_id]
        yield {
            "label": label,
            "predicted": predicted,
            "num_rows": len(pair.rows),
            "most_confident": [
                {
                    "row": row,
                    "label": label,
                    "predicted": predicted,
                    "score": round(float(probabilities[row, pair.predicted_id]), 6),
                    "words": find_driving_words(model, texts[row], predicted),
                    "text": texts[row],
                }
                for row in pair.rows[:MAX_MISTAKES_PER_PAIR].tolist()
            ],
        }


def _hash_rows(split: ScoredSplit) -> str:
    """Return by what two measurements can be told to be of the same rows in the same order."""
    digest = hashlib.sha256(split.labels.tobytes())
    for text in split.rows["text"][:]:
        digest.update(hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).digest())
    return digest.hexdigest()
