"""What training minimizes, and when it failed to."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hf_lstm.errors import DivergenceError, InputError

MAX_LOSS_RATIO = 10.0
"""A kept epoch whose validation loss is more than this many times log(num_labels), that of guessing evenly, diverged.
Training that is merely poor stays near 1, and an overconfident model that gets most rows right far below 10."""


def sum_cross_entropy(
    logits: torch.Tensor,
    labels: torch.Tensor,
    *,
    row_weights: torch.Tensor | None = None,
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """Return the summed cross-entropy in nats of logits (batch, num_labels) against labels (batch,) int64.

    A sum, so that batches of unequal size weigh their rows alike; computed in float32. For logits (0, z) it is the
    binary cross-entropy of sigmoid(z).

    Args:
        logits: (batch, num_labels).
        labels: int64 (batch,).
        row_weights: float32 (batch,), how often each row counts; once by default.
        label_smoothing: share of the target that is spread over all labels (Szegedy et al., "Rethinking the Inception
            Architecture for Computer Vision", 2016).
    """
    losses = functional.cross_entropy(logits.float(), labels, reduction="none", label_smoothing=label_smoothing)
    return losses.sum() if row_weights is None else losses @ row_weights


def weigh_rows(labels: NDArray[np.int64], class_weights: str | None, *, num_labels: int) -> NDArray[np.float32]:
    """Return how often each row of train counts, float32 (num_rows,).

    Args:
        labels: (num_rows,).
        class_weights: as `TrainConfig.class_weights`; `balanced` has all classes count alike, and the rows once on
            average.
        num_labels: classes there are.

    Raises:
        InputError: there are not as many weights as labels.
    """
    if class_weights is None:
        return np.ones(len(labels), dtype=np.float32)
    if class_weights == "balanced":
        counts = np.bincount(labels, minlength=num_labels)
        by_class = len(labels) / (num_labels * np.maximum(counts, 1))  # a class without rows has none to weigh
    else:
        by_class = np.array([float(weight) for weight in class_weights.split(",")])
        if len(by_class) != num_labels:
            raise InputError(
                f"train.class_weights are {len(by_class)} numbers, but there are {num_labels} labels: give one for each"
            )
    return by_class[labels].astype(np.float32)


def require_convergence(epochs: list[dict[str, Any]], *, num_labels: int) -> None:
    """Check that the weights kept are worth saving.

    Raises:
        DivergenceError: the validation loss of the best epoch is beyond `MAX_LOSS_RATIO`.
    """
    best = [record for record in epochs if record["is_best"]][-1]
    loss, limit = best["validation"]["loss"], MAX_LOSS_RATIO * math.log(num_labels)
    if not loss <= limit:  # NaN too
        raise DivergenceError(
            f"epoch {best['epoch']}, the best: validation loss {loss:.4g}, more than {MAX_LOSS_RATIO:.0f} times that "
            "of guessing: training diverged; try a lower train.learning_rate or train.max_grad_norm"
        )
