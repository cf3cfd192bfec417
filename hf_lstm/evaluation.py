"""Metrics of a model on encoded, labeled rows."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.batching import LabeledTexts
from hf_lstm.calibration import compute_calibration, compute_probabilities
from hf_lstm.config import ModelConfig
from hf_lstm.metrics import ClassificationMetrics
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.objectives import sum_cross_entropy
from hf_lstm.prediction import compute_logits


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
        loss_sum = sum_cross_entropy(logits / temperature, torch.from_numpy(labels)).item()
        calibration = compute_calibration(compute_probabilities(logits, temperature), labels)
        figures[f"{prefix}loss"] = loss_sum / len(labels)
        figures[f"{prefix}expected_calibration_error"] = calibration["expected_calibration_error"]
    return {**figures, **metrics.compute()}
