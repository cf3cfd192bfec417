"""Says what logits mean: the one label of a text, or any number of labels, and what training minimizes for it."""

import abc
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hf_lstm.config import ModelConfig

DEFAULT_THRESHOLD = 0.5


class Problem(abc.ABC):
    """Turns logits into probabilities and decisions, and labels into a loss.

    Args:
        config: with the labels, the temperature and the thresholds.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    @property
    @abc.abstractmethod
    def guessing_loss(self) -> float:
        """Return the loss of guessing evenly, in nats."""

    @abc.abstractmethod
    def sum_loss(
        self, logits: Tensor, targets: Tensor, *, row_weights: Tensor | None = None, label_smoothing: float = 0.0
    ) -> Tensor:
        """Compute the summed loss of logits against labels or soft labels, in nats.

        A sum, so that batches of unequal size weigh their rows alike; computed in float32.

        Args:
            logits: (batch, num_labels).
            targets: labels as `LabeledTexts` has them, or how likely each label is, float32 (batch, num_labels).
            row_weights: float32 (batch,), how often each row counts; once by default.
            label_smoothing: share of the target that is spread over all answers (Szegedy et al., "Rethinking the
                Inception Architecture for Computer Vision", 2016).
        """

    @abc.abstractmethod
    def normalize(self, logits: Tensor) -> Tensor:
        """Compute probabilities from logits as they are, (num_rows, num_labels)."""

    @abc.abstractmethod
    def decide(self, logits: Tensor) -> Tensor:
        """Choose the labels of each row: class ids int64 (num_rows,), or int64 (num_rows, num_labels) of 0 and 1.

        They have the form of the labels of `LabeledTexts`.
        """

    def find_right(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Tell of each row whether what is decided are its labels, bool (num_rows,)."""
        is_right = self.decide(logits) == labels
        return is_right if is_right.dim() == 1 else is_right.all(dim=1)

    @abc.abstractmethod
    def decide_softly(self, probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
        """Choose the labels that are more likely than not, or of one label for each text the most probable one."""

    @abc.abstractmethod
    def find_label(self, labels: NDArray[np.int64], label_id: int) -> NDArray[np.bool_]:
        """Tell which rows have a label, (num_rows,)."""

    @abc.abstractmethod
    def soften(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Write labels as how likely each one is, float32 (num_rows, num_labels) of 0 and 1."""

    @abc.abstractmethod
    def find_answer(self, probabilities: Tensor) -> int:
        """Find the label that comes first in the answer to a text, by its calibrated probabilities (num_labels,)."""

    @abc.abstractmethod
    def name_opposite(self, label_id: int) -> str | None:
        """Name what speaks against a label; None where that is several labels."""

    @abc.abstractmethod
    def weigh_logits(self, logits: Tensor, label_id: int | None) -> tuple[Tensor, int]:
        """Return what each logit counts in the answer to explain, (num_labels,), and the id of the label that it is of.

        Args:
            logits: of one row, (num_labels,).
            label_id: the label to explain; by default the one that the answer is about.
        """

    def calibrate(self, logits: Tensor) -> Tensor:
        """Compute the calibrated probabilities of logits, (num_rows, num_labels)."""
        return self.normalize(logits / self.config.temperature)


class SingleLabel(Problem):
    """Gives each text one label: the probabilities of a row sum to 1."""

    @property
    def guessing_loss(self) -> float:
        """Return the loss of guessing evenly, in nats."""
        return math.log(self.config.num_labels)

    def sum_loss(
        self, logits: Tensor, targets: Tensor, *, row_weights: Tensor | None = None, label_smoothing: float = 0.0
    ) -> Tensor:
        """Compute the cross-entropy; for logits (0, z) it is the binary cross-entropy of sigmoid(z)."""
        losses = functional.cross_entropy(logits.float(), targets, reduction="none", label_smoothing=label_smoothing)
        return losses.sum() if row_weights is None else losses @ row_weights

    def normalize(self, logits: Tensor) -> Tensor:
        """Compute the softmax."""
        return logits.softmax(dim=1)

    def decide(self, logits: Tensor) -> Tensor:
        """Choose the most probable label of each row."""
        return logits.argmax(dim=1)

    def decide_softly(self, probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
        """Choose the most probable label of each row."""
        ids: NDArray[np.int64] = probabilities.argmax(axis=1)
        return ids

    def find_label(self, labels: NDArray[np.int64], label_id: int) -> NDArray[np.bool_]:
        """Tell which rows are of a class."""
        has_label: NDArray[np.bool_] = labels == label_id
        return has_label

    def soften(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Write class ids as rows with a single 1."""
        return np.eye(self.config.num_labels, dtype=np.float32)[labels]

    def find_answer(self, probabilities: Tensor) -> int:
        """Find the most probable label."""
        return int(probabilities.argmax())

    def name_opposite(self, label_id: int) -> str | None:
        """Name the other one of two labels."""
        return self.config.label_names[1 - label_id] if self.config.num_labels == 2 else None

    def weigh_logits(self, logits: Tensor, label_id: int | None) -> tuple[Tensor, int]:
        """Weigh a label's logit less the mean of the others: by default label 1 of two, or the predicted one."""
        if label_id is None:
            label_id = 1 if len(logits) == 2 else int(logits.argmax())
        weights = torch.full_like(logits, -1 / (len(logits) - 1))
        weights[label_id] = 1.0
        return weights, label_id


class MultiLabel(Problem):
    """Gives each text any number of labels: each has a probability of its own, and a threshold."""

    @property
    def guessing_loss(self) -> float:
        """Return the loss of guessing evenly, in nats."""
        return math.log(2)

    @property
    def thresholds(self) -> list[float]:
        """Return the least probability with which a text has each label, in the order of the ids."""
        return self.config.thresholds or [DEFAULT_THRESHOLD] * self.config.num_labels

    def sum_loss(
        self, logits: Tensor, targets: Tensor, *, row_weights: Tensor | None = None, label_smoothing: float = 0.0
    ) -> Tensor:
        """Compute the binary cross-entropy, a mean over the labels of each row."""
        wanted = targets.to(torch.float32) * (1 - label_smoothing) + label_smoothing / 2
        losses = functional.binary_cross_entropy_with_logits(logits.float(), wanted, reduction="none").mean(dim=1)
        return losses.sum() if row_weights is None else losses @ row_weights

    def normalize(self, logits: Tensor) -> Tensor:
        """Compute the sigmoid."""
        return logits.sigmoid()

    def decide(self, logits: Tensor) -> Tensor:
        """Choose the labels whose calibrated probability reaches their threshold."""
        return self.select(self.calibrate(logits))

    def select(self, probabilities: Tensor) -> Tensor:
        """Choose the labels whose probability reaches their threshold, int64 (num_rows, num_labels) of 0 and 1."""
        return (probabilities >= torch.tensor(self.thresholds, device=probabilities.device)).long()

    def decide_softly(self, probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
        """Choose the labels that are more likely than not."""
        return (probabilities >= DEFAULT_THRESHOLD).astype(np.int64)

    def find_label(self, labels: NDArray[np.int64], label_id: int) -> NDArray[np.bool_]:
        """Tell which rows have a label."""
        has_label: NDArray[np.bool_] = labels[:, label_id] == 1
        return has_label

    def soften(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Write labels as numbers."""
        return labels.astype(np.float32)

    def find_answer(self, probabilities: Tensor) -> int:
        """Find the most probable one of the labels that the text has; if it has none, the most probable of all."""
        has_label = self.select(probabilities) == 1
        return int((probabilities.masked_fill(~has_label, -1) if has_label.any() else probabilities).argmax())

    def name_opposite(self, label_id: int) -> str | None:
        """Name the lack of a label."""
        return f"not {self.config.label_names[label_id]}"

    def weigh_logits(self, logits: Tensor, label_id: int | None) -> tuple[Tensor, int]:
        """Weigh one logit alone: by default that of the label that comes first in the answer."""
        if label_id is None:
            label_id = self.find_answer(self.calibrate(logits))
        weights = torch.zeros_like(logits)
        weights[label_id] = 1.0
        return weights, label_id


def get_problem(config: ModelConfig) -> Problem:
    """Return what the logits of a model mean."""
    return MultiLabel(config) if config.is_multi_label else SingleLabel(config)
