"""What training minimizes."""

import torch
from torch.nn import functional


def sum_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the summed cross-entropy in nats of logits (batch, num_labels) against labels (batch,) int64.

    A sum, so that batches of unequal size weigh their rows alike; computed in float32. For logits (0, z) it is the
    binary cross-entropy of sigmoid(z).
    """
    return functional.cross_entropy(logits.float(), labels, reduction="sum")
