"""Metrics of a model on encoded, labeled rows."""

from typing import Any

import torch

from hf_lstm.batching import LabeledTexts
from hf_lstm.metrics import ClassificationMetrics
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.objectives import sum_cross_entropy
from hf_lstm.prediction import compute_logits


def evaluate_split(model: LSTMSentiment, split: LabeledTexts, dtype: torch.dtype) -> dict[str, Any]:
    """Return `loss` (mean over rows, nats) and the figures of `ClassificationMetrics`, computed in `dtype`."""
    logits = compute_logits(model, split.texts, dtype=dtype)
    id2label = model.config.id2label or {}
    metrics = ClassificationMetrics([id2label[i] for i in range(len(id2label))])
    metrics.add_batch(predictions=logits.argmax(dim=1).numpy(), references=split.labels)
    loss = sum_cross_entropy(logits, torch.from_numpy(split.labels)).item() / len(split)
    return {"loss": loss, **metrics.compute()}
