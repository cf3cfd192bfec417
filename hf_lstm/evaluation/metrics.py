"""Computes classification metrics, as exact sums over rows.

They are never averages of batches.
"""

import math
from collections.abc import Sequence
from typing import Any

import datasets
import numpy as np
from numpy.typing import NDArray

from hf_lstm.config import ModelConfig
from hf_lstm.nn.problem import MultiLabel
from hf_lstm.records.results import MAX_MATRIX_LABELS, ConfusionMatrix, LabelFigures, MultiLabelFigures

Z_95 = 1.959964
"""95 % of a normal distribution lie within this many standard deviations of its mean."""
_DESCRIPTION = "Accuracy, macro precision, recall and F1, each label's own, and the confusion matrix of few labels."


def measure_decided(
    decided: NDArray[np.int64], labels: NDArray[np.int64], label_names: Sequence[str]
) -> dict[str, Any]:
    """Compare class ids, (num_rows,), with the true ones, for any number of labels.

    Example:
        >>> measure_decided(np.array([0, 1]), np.array([0, 0]), ["neg", "pos"])["accuracy"]
        0.5
    """
    num_labels, num_rows = len(label_names), len(labels)
    correct, support, predicted = (
        np.bincount(ids, minlength=num_labels) for ids in (labels[labels == decided], labels, decided)
    )
    num_right = int(correct.sum())
    return {
        "num_rows": num_rows,
        "accuracy": num_right / num_rows,
        "accuracy_interval": compute_wilson_interval(num_right, num_rows),
        **measure_labels(label_names, correct=correct, predicted=predicted, support=support),
        "confusion_matrix": {"labels": label_names, "rows": _count_confusions(labels, decided, num_labels)},
    }


def build_metric(label_names: Sequence[str]) -> Any:
    """Build an `evaluate.Metric` of what `measure_decided` measures, for programs that count with that library.

    It needs no network: `evaluate.load` would fetch code from the Hub.
    """
    # Imported here: it brings all pipelines of transformers along, seconds of computing that no run needs.
    import evaluate

    ids = datasets.Value("int64")
    info = evaluate.MetricInfo(  # type: ignore[attr-defined]  # mypy takes scripts/evaluate.py for the library
        description=_DESCRIPTION,
        citation="",
        inputs_description="class ids, int64",
        features=datasets.Features({"predictions": ids, "references": ids}),
    )

    class ClassificationMetrics(evaluate.Metric):  # type: ignore[misc, name-defined]
        def _info(self) -> Any:
            return info

        def _compute(self, predictions: Any, references: Any) -> dict[str, Any]:
            decided, labels = (np.asarray(ids, dtype=np.int64) for ids in (predictions, references))
            return measure_decided(decided, labels, label_names)

    return ClassificationMetrics(keep_in_memory=True)


def measure_labels(
    label_names: Sequence[str], *, correct: np.ndarray, predicted: np.ndarray, support: np.ndarray
) -> dict[str, Any]:
    """Compute precision, recall and F1 of each label, and their means over the labels.

    Args:
        label_names: in the order of their ids.
        correct: of each label, how often it was predicted rightly, (num_labels,).
        predicted: how often it was predicted.
        support: the rows that have it.
    """
    precision, recall = _divide(correct, predicted), _divide(correct, support)
    f1 = _divide(2 * correct, predicted + support)
    return {
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(f1.mean()),
        "per_label": {
            name: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
            }
            for i, name in enumerate(label_names)
        },
    }


def measure_single_label(decided: NDArray[np.int64], labels: NDArray[np.int64], config: ModelConfig) -> dict[str, Any]:
    """Measure decided class ids, (num_rows,), against the true ones, as fields of `SplitFigures`."""
    figures = measure_decided(decided, labels, config.label_names)
    per_label = {name: LabelFigures(**of_label) for name, of_label in figures["per_label"].items()}
    return {**figures, "per_label": per_label, "confusion_matrix": ConfusionMatrix(**figures["confusion_matrix"])}


def measure_multi_label(decided: NDArray[np.int64], labels: NDArray[np.int64], config: ModelConfig) -> dict[str, Any]:
    """Measure decided labels, of which a row may have any number, as fields of `SplitFigures`.

    Args:
        decided: (num_rows, num_labels) of 0 and 1.
        labels: likewise, what is true.
        config: of the model.
    """
    names = config.label_names
    correct, predicted, support = (marks.sum(axis=0) for marks in (decided * labels, decided, labels))
    figures = measure_labels(names, correct=correct, predicted=predicted, support=support)
    precision, recall, f1 = (
        float(_divide(np.array([above.sum()]), np.array([below.sum()]))[0])
        for above, below in ((correct, predicted), (correct, support), (2 * correct, predicted + support))
    )
    num_right = int((decided == labels).all(axis=1).sum())
    return {
        **figures,
        "per_label": {name: LabelFigures(**of_label) for name, of_label in figures["per_label"].items()},
        "num_rows": len(labels),
        "accuracy": num_right / len(labels),
        "accuracy_interval": compute_wilson_interval(num_right, len(labels)),
        "confusion_matrix": ConfusionMatrix(labels=names),
        "multi_label": MultiLabelFigures(
            precision=precision,
            recall=recall,
            f1=f1,
            decisions_right=float((decided == labels).mean()),
            num_rows_without=int((labels.sum(axis=1) == 0).sum()),
            thresholds=dict(zip(names, MultiLabel(config).thresholds, strict=True)),
        ),
    }


def _count_confusions(true_ids: np.ndarray, predicted_ids: np.ndarray, num_labels: int) -> list[list[int]]:
    """Count the rows of each true label by predicted label; nothing if there are too many labels."""
    if num_labels > MAX_MATRIX_LABELS:
        return []
    counts = np.bincount(true_ids * num_labels + predicted_ids, minlength=num_labels**2)
    rows: list[list[int]] = counts.reshape(num_labels, num_labels).tolist()
    return rows


def compute_wilson_interval(num_right: int, num_rows: int) -> tuple[float, float]:
    """Compute the 95 % interval of an accuracy; return its low and high end.

    The rows must be independent of each other.

    Reference: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22, 1927.
    """
    share, spread = num_right / num_rows, Z_95**2 / num_rows
    center = (share + spread / 2) / (1 + spread)
    half_width = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return min(max(0.0, center - half_width), share), max(min(1.0, center + half_width), share)  # despite rounding


def compute_lead_interval(only_first: int, only_second: int, num_rows: int) -> tuple[float, float]:
    """Compute the 95 % interval of the difference of two accuracies on the same rows; return its low and high end.

    Args:
        only_first: rows that the first gets right, and the second wrong.
        only_second: the opposite.
        num_rows: all rows. They must be independent of each other.

    Reference: Bonett and Price, Adjusted Wald Confidence Interval for a Difference of Binomial Proportions Based on
    Paired Data, Journal of Educational and Behavioral Statistics 37, 2012.
    """
    first, second = (only_first + 1) / (num_rows + 2), (only_second + 1) / (num_rows + 2)
    half_width = Z_95 * math.sqrt((first + second - (first - second) ** 2) / (num_rows + 2))
    return max(-1.0, first - second - half_width), min(1.0, first - second + half_width)


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide counts, with 0 for a count of 0.

    That is so for a label that was never predicted, or is of no row.
    """
    quotients = np.zeros(len(numerator))
    np.divide(numerator, denominator, out=quotients, where=denominator > 0)
    return quotients
