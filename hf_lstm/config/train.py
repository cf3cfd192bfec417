"""The settings of training."""

import dataclasses
import math
from typing import Literal

from hf_lstm.config.checks import check_types, require


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrainConfig:
    """How the weights are learned."""

    num_epochs: int = 5
    batch_size: int = 64
    """Rows that go through the network together."""
    max_tokens_per_batch: int | None = None
    """Instead of a number of rows: as many as fit into this many tokens, padding included."""
    gradient_accumulation: int = 1
    """Batches per optimizer step; a step does what one batch of all their rows would, in less memory."""
    learning_rate: float = 1e-3
    adam_epsilon: float = 1e-8
    weight_decay: float = 0.0
    """Decoupled (AdamW); 0 is plain Adam. Biases, normalization and embedding are left out."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    """The learning rate after the warm-up: `linear` and `cosine` fall to 0 at the end of `num_epochs`."""
    warmup_steps: int = 0
    """Steps over which the learning rate rises linearly from 0."""
    warmup_fraction: float = 0.0
    """The same as a share of all steps."""
    max_grad_norm: float | None = 1.0
    """Gradients are scaled down to this L2 norm; `none` leaves them."""
    label_smoothing: float = 0.0
    """Share of each target that is spread over all labels."""
    class_weights: str | None = None
    """How much rows count: `balanced` has all classes count alike; or a number for each label, such as `1,2.5`."""
    ema_decay: float | None = None
    """Evaluate and keep an exponential average of the weights, over about 1 / (1 - ema_decay) steps."""
    patience: int | None = None
    """Stop after this many epochs without a better validation figure; `none` runs all epochs."""
    best_by: Literal["loss", "accuracy"] = "loss"
    """The validation figure by which the best epoch is kept."""
    group_by_length: bool = True
    """Batch rows of like length together; the order stays random otherwise."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 where the device computes it natively, float32 elsewhere."""
    embeddings: str | None = None
    """Pretrained word vectors to start from: a file in GloVe's text format, or a Hub repository, `org/name[/file]`."""
    freeze_embeddings: bool = False
    """Leave the pretrained vectors as they are."""
    missing_vectors: Literal["zero", "normal"] = "normal"
    """What words without a pretrained vector start from: zeros, or draws like the values of the other words."""
    init_from: str | None = None
    """A model to fine-tune, a folder or Hub id: its tokenizer and architecture hold instead of the recipe's."""
    seed: int = 0

    def __post_init__(self) -> None:
        check_types(self, "train")
        for name in ("num_epochs", "batch_size", "gradient_accumulation"):
            require(getattr(self, name) >= 1, f"train.{name}", getattr(self, name), ">= 1")
        for name in ("learning_rate", "adam_epsilon"):
            require(getattr(self, name) > 0, f"train.{name}", getattr(self, name), "> 0")
        for name in ("weight_decay", "warmup_steps"):
            require(getattr(self, name) >= 0, f"train.{name}", getattr(self, name), ">= 0")
        for name in ("warmup_fraction", "label_smoothing"):
            require(0 <= getattr(self, name) < 1, f"train.{name}", getattr(self, name), "0 <= x < 1")
        both = (self.warmup_steps, self.warmup_fraction)
        require(0 in both, "train.warmup_steps and train.warmup_fraction", both, "one of them 0")
        require(
            self.ema_decay is None or 0 < self.ema_decay < 1, "train.ema_decay", self.ema_decay, "none or 0 < x < 1"
        )
        expected = "none, balanced, or positive numbers with commas between them, such as 1,2.5"
        require(_are_class_weights(self.class_weights), "train.class_weights", self.class_weights, expected)
        require(self.max_grad_norm is None or self.max_grad_norm > 0, "train.max_grad_norm", self.max_grad_norm, "> 0")
        require(self.patience is None or self.patience >= 1, "train.patience", self.patience, "none or >= 1")
        budget = self.max_tokens_per_batch
        require(budget is None or budget >= 1, "train.max_tokens_per_batch", budget, "none or >= 1")
        if self.embeddings is None:
            require(not self.freeze_embeddings, "train.freeze_embeddings", True, "false without train.embeddings")
        else:
            require(self.init_from is None, "train.embeddings", self.embeddings, "none with train.init_from")
        require(0 <= self.seed < 2**32, "train.seed", self.seed, "0 <= x < 2**32")


def _are_class_weights(text: str | None) -> bool:
    if text in (None, "balanced"):
        return True
    try:
        return all(0 < float(weight) < math.inf for weight in text.split(","))
    except ValueError:
        return False
