"""Measures how far confidence is from accuracy, and fits the temperature.

The temperature is the one number that brings them nearer to each other.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.records.report import Calibration, CalibrationBin

NUM_BINS = 10
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
_NUM_HALVINGS = 60
"""Of the searched range. What is left of it then is below the resolution of float64."""


def fit_temperature(logits: torch.Tensor, labels: NDArray[np.int64]) -> float:
    """Fit the temperature that makes probabilities match the labels best.

    It is the T that minimizes the mean cross-entropy of softmax(logits / T), computed in float64. The cross-entropy is
    convex in 1 / T, so bisection finds where its slope changes sign. If it does not change between `MIN_TEMPERATURE`
    and `MAX_TEMPERATURE`, as when every row is predicted right, the answer is 1.

    Args:
        logits: (num_rows, num_labels), of rows that the model was not trained on.
        labels: int64 (num_rows,), the true class ids.

    Reference: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, https://arxiv.org/abs/1706.04599
    """
    scores = logits.double()
    mean_true_score = scores.gather(1, torch.from_numpy(labels)[:, None]).mean()

    def is_rising(log_inverse: float) -> bool:
        expected = (torch.softmax(scores * np.exp(log_inverse), dim=1) * scores).sum(dim=1).mean()
        return bool(expected > mean_true_score)

    low, high = -np.log(MAX_TEMPERATURE), -np.log(MIN_TEMPERATURE)
    if is_rising(low) or not is_rising(high):
        return 1.0
    for _ in range(_NUM_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_rising(middle) else (middle, high)
    return float(np.exp(-(low + high) / 2))


def compute_calibration(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Compute how far the model's confidence is from its accuracy.

    Confidence is the probability of the predicted label. Its range, from 1 / num_labels to 1, is cut into `NUM_BINS`
    bins of equal width.

    Args:
        probabilities: (num_rows, num_labels)
        labels: (num_rows,), the true class ids.

    Reference: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, https://arxiv.org/abs/1706.04599
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    is_right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(1 / probabilities.shape[1], 1, NUM_BINS + 1)
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
    error = sum(each.num_rows * abs(each.accuracy - each.confidence) for each in bins) / len(labels)
    return Calibration(expected_calibration_error=error, bins=bins)
