"""Builds optimizer, learning rate schedule, averaged weights and row weights, and tells what diverged."""

import math
import re
from collections.abc import Sequence
from operator import itemgetter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from hf_lstm.config import TrainConfig
from hf_lstm.errors import DivergenceError, InputError
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.records.results import Epoch

MAX_LOSS_RATIO = 10.0
"""Limit of a kept epoch's validation loss, as a multiple of the loss of guessing evenly. Beyond it,
training diverged. Poor training stays near 1; an overconfident model that gets most rows right stays far below 10."""


def build_optimizer(model: LSTMNetwork, config: TrainConfig) -> torch.optim.AdamW:
    """Build AdamW over the trainable weights.

    `weight_decay` acts on the matrices of the LSTM, the pooling and the classifier alone. Biases and the normalization
    set a scale or an offset, which is no sign of overfitting. The embedding's rows would shrink at every step, those of
    rare words long before they are read again.

    The first group has the full learning rate.
    """
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            depth = 0 if config.layer_decay == 1 else _find_depth(name, model)
            is_decayed = parameter.dim() > 1 and not name.startswith("embedding.")
            groups.setdefault((depth, not is_decayed), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": group,
                "weight_decay": 0.0 if is_spared else config.weight_decay,
                "lr": config.learning_rate * config.layer_decay**depth,
            }
            for (depth, is_spared), group in sorted(groups.items(), key=itemgetter(0))
        ],
        lr=config.learning_rate,
        eps=config.adam_epsilon,
        fused=model.device.type in ("cpu", "cuda"),
    )


def _find_depth(name: str, model: LSTMNetwork) -> int:
    """Find how many layers with a learning rate of their own are above a parameter's."""
    num_layers = model.lstm.num_layers
    if name.startswith("embedding."):
        return num_layers + 1
    layer = re.search(r"^lstm\.\w+_l(\d+)", name)
    return 0 if layer is None else num_layers - int(layer[1])


def build_scheduler(optimizer: torch.optim.Optimizer, config: TrainConfig, num_steps: int) -> LambdaLR:
    """Build the learning rate's schedule over `num_steps`, with warm-up."""
    warmup_steps = config.warmup_steps or round(config.warmup_fraction * num_steps)

    def scale(step: int) -> float:
        if step < warmup_steps:
            return step / warmup_steps
        progress = min(1.0, (step - warmup_steps) / max(1, num_steps - warmup_steps))
        by_schedule = {
            "constant": 1.0,
            "linear": 1.0 - progress,
            "cosine": 0.5 * (1.0 + math.cos(math.pi * progress)),
        }
        return by_schedule[config.schedule]

    return LambdaLR(optimizer, scale)


def build_averaged_model(model: LSTMNetwork, decay: float) -> AveragedModel:
    """Build a copy of the model for its averaged weights.

    Each update moves it along the exponential average. At first it forgets faster than by `decay`: as if the average
    had begun ten updates ago, so that it soon leaves the random weights of the start behind.

    Reference:
        `num_updates` in https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage
    """

    def update(average: Tensor, weight: Tensor, num_updates: Tensor | int) -> Tensor:
        num_updates = torch.as_tensor(num_updates, dtype=average.dtype, device=average.device)
        return average.lerp(weight, 1.0 - ((1.0 + num_updates) / (10.0 + num_updates)).clamp(max=decay))

    return AveragedModel(model, avg_fn=update)


def compute_row_weights(
    labels: NDArray[np.int64], class_weights: str | None, *, num_labels: int
) -> NDArray[np.float32]:
    """Compute how often each row of train counts, float32 (num_rows,).

    Args:
        labels: as `LabeledTexts` has them; without `class_weights`, only their number matters.
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
        by_class = len(labels) / (num_labels * np.maximum(counts, 1))  # a class without rows weighs none
    else:
        by_class = np.array([float(weight) for weight in class_weights.split(",")])
        if len(by_class) != num_labels:
            raise InputError(
                f"train.class_weights are {len(by_class)} numbers, but there are {num_labels} labels: give one for each"
            )
    return by_class[labels].astype(np.float32)


def require_convergence(epochs: Sequence[Epoch], *, guessing_loss: float) -> None:
    """Check the best epoch's loss against that of guessing.

    Beyond `MAX_LOSS_RATIO` times that, its weights are not worth saving.

    Raises:
        DivergenceError: the validation loss is beyond it.
    """
    best = [epoch for epoch in epochs if epoch.is_best][-1]
    loss, limit = best.validation.loss, MAX_LOSS_RATIO * guessing_loss
    if not loss <= limit:  # NaN too
        raise DivergenceError(
            f"epoch {best.epoch}, the best: validation loss {loss:.4g}, more than {MAX_LOSS_RATIO:.0f} times that "
            "of guessing: training diverged; try a lower train.learning_rate or train.max_grad_norm"
        )
