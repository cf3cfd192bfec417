"""Measures how far confidence is from accuracy, and fits temperature and thresholds.

The temperature is the one number that brings them nearer to each other. Thresholds say from which probability on a text
has a label, where it may have any number of them.
"""

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hf_lstm.config import ModelConfig
from hf_lstm.nn.problem import DEFAULT_THRESHOLD, MultiLabel
from hf_lstm.records.report import Calibration, CalibrationBin

NUM_BINS = 10
MIN_FITTED, MAX_FITTED = 0.05, 20.0
"""Temperatures that are tried; a model may have others, as `config.model` says."""
_NUM_HALVINGS = 60
"""Of the searched range. What is left of it then is below the resolution of float64."""


def fit_config(config: ModelConfig, logits: torch.Tensor, labels: NDArray[np.int64]) -> ModelConfig:
    """Fit the temperature of a config and, where rows have any number of labels, the threshold of each.

    Args:
        config: of the model.
        logits: (num_rows, num_labels), of rows that the model was not trained on.
        labels: of these rows, as `LabeledTexts` has them.
    """
    fitted = dataclasses.replace(config, temperature=fit_temperature(logits, labels))
    if not fitted.is_multi_label:
        return fitted
    probabilities = MultiLabel(fitted).calibrate(logits).numpy()
    return dataclasses.replace(fitted, thresholds=fit_thresholds(probabilities, labels))


def fit_temperature(logits: torch.Tensor, labels: NDArray[np.int64]) -> float:
    """Fit the temperature that makes probabilities match the labels best.

    It is the T that minimizes the mean cross-entropy of softmax(logits / T), or of sigmoid(logits / T) where a row may
    have any number of labels, computed in float64. It is convex in 1 / T, so bisection finds where its slope changes
    sign between `MIN_FITTED` and `MAX_FITTED`.

    Where every row is predicted right, the smaller the better. Then probabilities become as sure as that many rows
    allow, by Platt's targets: 1 - 1 / (rows + 2) for what is true. They are never made less sure so. Where nothing
    is right, the answer is 1.

    Args:
        logits: (num_rows, num_labels), of rows that the model was not trained on.
        labels: int64 (num_rows,), the true class ids; or (num_rows, num_labels) of 0 and 1.

    Reference: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, https://arxiv.org/abs/1706.04599
        Platt, Probabilistic Outputs for Support Vector Machines, 1999, section 2.2
    """
    scores, true = logits.double(), torch.from_numpy(labels)
    num_rows, num_labels = scores.shape
    has_many = true.dim() == 2
    targets = true.double() if has_many else functional.one_hot(true, num_labels).double()
    temperature = _minimize_loss(scores, targets, has_many)
    if temperature is not None:
        return temperature
    unsure = 1 / (num_rows + 2)
    targets = targets * (1 - unsure) + (1 - targets) * (unsure if has_many else unsure / (num_labels - 1))
    return min(_minimize_loss(scores, targets, has_many) or 1.0, 1.0)


def _minimize_loss(scores: torch.Tensor, targets: torch.Tensor, has_many: bool) -> float | None:
    """Find the temperature of least cross-entropy with `targets`, None if it is not within the range.

    Both are float64 (num_rows, num_labels).
    """
    wanted = (scores * targets).sum(dim=1).mean()

    def is_rising(log_inverse: float) -> bool:
        scaled = scores * np.exp(log_inverse)
        expected = ((scaled.sigmoid() if has_many else torch.softmax(scaled, dim=1)) * scores).sum(dim=1).mean()
        return bool(expected > wanted)

    low, high = -np.log(MAX_FITTED), -np.log(MIN_FITTED)
    if is_rising(low) or not is_rising(high):
        return None
    for _ in range(_NUM_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_rising(middle) else (middle, high)
    return float(np.exp(-(low + high) / 2))


def fit_thresholds(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> list[float]:
    """Fit the threshold of each label that gives it the best F1.

    Of several that are as good it is the one nearest to 0.5, in the middle between two probabilities. A label that no
    row has, or all, keeps 0.5: these rows don't tell.

    Args:
        probabilities: calibrated, (num_rows, num_labels), of rows that the model was not trained on.
        labels: (num_rows, num_labels) of 0 and 1.
    """
    return [_fit_threshold(*of_label) for of_label in zip(probabilities.T, labels.T, strict=True)]


def _fit_threshold(probabilities: NDArray[np.float32], has_label: NDArray[np.int64]) -> float:
    num_true = int(has_label.sum())
    if num_true in (0, len(has_label)):
        return DEFAULT_THRESHOLD
    order = np.argsort(-probabilities, kind="stable")
    values = probabilities[order]
    is_last = np.append(values[1:] < values[:-1], True)  # rows of one probability get the label together
    num_found = np.cumsum(has_label[order])[is_last]
    num_given = np.flatnonzero(is_last) + 1
    lowest = values[is_last]
    middles = (lowest + np.append(lowest[1:], np.float32(0))) / np.float32(2)
    middles = np.where(middles > np.append(lowest[1:], -1), middles, lowest)  # two neighbours among floats have none
    f1 = 2 * num_found / (num_given + num_true)
    best = np.flatnonzero(f1 == f1.max())
    return float(middles[best[np.abs(middles[best] - DEFAULT_THRESHOLD).argmin()]])


def compute_calibration(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Compute how far the model's confidence is from its accuracy.

    Confidence is the probability of the predicted label. Its range, from 1 / num_labels to 1, is cut into `NUM_BINS`
    bins of equal width. Where a row may have any number of labels, each label of each row counts: confidence is its
    probability, from 0 to 1, and accuracy is how often the row has it.

    Args:
        probabilities: (num_rows, num_labels)
        labels: (num_rows,), the true class ids; or (num_rows, num_labels) of 0 and 1.

    Reference: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, https://arxiv.org/abs/1706.04599
    """
    if labels.ndim == 2:
        confidence, is_right, lowest = probabilities.reshape(-1), labels.reshape(-1) == 1, 0.0
    else:
        confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
        lowest = 1 / probabilities.shape[1]
    confidence = confidence.astype(np.float64)
    edges = np.linspace(lowest, 1, NUM_BINS + 1)
    bin_of_row = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, NUM_BINS - 1)
    bins = [
        CalibrationBin(
            low=float(edges[index]),
            high=float(edges[index + 1]),
            num_rows=int(in_bin.sum()),
            confidence=float(confidence[in_bin].mean()),
            accuracy=float(is_right[in_bin].mean()),
        )
        for index in range(NUM_BINS)
        if (in_bin := bin_of_row == index).any()
    ]
    error = sum(each.num_rows * abs(each.accuracy - each.confidence) for each in bins) / len(confidence)
    return Calibration(expected_calibration_error=error, bins=bins)
