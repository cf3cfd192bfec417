"""Metrics of a model on encoded, labeled rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.batching import LabeledTexts
from hf_lstm.metrics import ClassificationMetrics
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.objectives import sum_cross_entropy
from hf_lstm.prediction import compute_logits


def evaluate_split(model: LSTMSentiment, split: LabeledTexts, dtype: torch.dtype) -> dict[str, Any]:
    """Return `loss` (mean over rows, nats) and the figures of `ClassificationMetrics`, computed in `dtype`."""
    return measure_logits(compute_logits(model, split.texts, dtype=dtype), split.labels, model.config.id2label or {})


def measure_logits(logits: torch.Tensor, labels: NDArray[np.int64], id2label: Mapping[int, str]) -> dict[str, Any]:
    """Return the figures of logits (num_rows, num_labels) against labels (num_rows,); see `evaluate_split`."""
    metrics = ClassificationMetrics([id2label[i] for i in range(len(id2label))])
    metrics.add_batch(predictions=logits.argmax(dim=1).numpy(), references=labels)
    loss = sum_cross_entropy(logits, torch.from_numpy(labels)).item() / len(labels)
    return {"loss": loss, **metrics.compute()}
