"""How gradients become steps: the optimizer, its learning rate over the run, and the average of the weights."""

import math

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from hf_lstm.config import TrainConfig
from hf_lstm.network import LSTMNetwork


def build_optimizer(model: LSTMNetwork, config: TrainConfig) -> torch.optim.AdamW:
    """Return AdamW over the weights that are not frozen.

    `weight_decay` acts on the matrices of the LSTM, the pooling and the classifier alone. Biases and the normalization
    set a scale or an offset that is no sign of overfitting; and the embedding's rows would shrink at every step, those
    of rare words long before they are read again.
    """
    decayed: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_decayed = parameter.dim() > 1 and not name.startswith("embedding.")
            (decayed if is_decayed else others).append(parameter)
    groups = ((decayed, config.weight_decay), (others, 0.0))
    return torch.optim.AdamW(
        [{"params": group, "weight_decay": decay} for group, decay in groups if group],
        lr=config.learning_rate,
        eps=config.adam_epsilon,
        fused=model.embedding.weight.device.type in ("cpu", "cuda"),
    )


def build_scheduler(optimizer: torch.optim.Optimizer, config: TrainConfig, num_steps: int) -> LambdaLR:
    """Return the learning rate's course over `num_steps`, as `config.schedule` and the warm-up say."""
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


def average_weights(model: LSTMNetwork, decay: float) -> AveragedModel:
    """Return a copy of the model whose weights become the exponential average of the model's, update by update.

    At first it forgets faster than by `decay`: as if the average had begun ten updates ago, so that it soon leaves the
    random weights of the start behind.

    Reference:
        `num_updates` in https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage
    """

    def update(average: Tensor, weight: Tensor, num_updates: Tensor | int) -> Tensor:
        num_updates = torch.as_tensor(num_updates, dtype=average.dtype, device=average.device)
        return average.lerp(weight, 1.0 - ((1.0 + num_updates) / (10.0 + num_updates)).clamp(max=decay))

    return AveragedModel(model, avg_fn=update)
