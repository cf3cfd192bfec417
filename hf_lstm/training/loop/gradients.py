"""Adds the gradients of a batch: of its labels, and of what is asked of the answers besides.

Objectives that change word vectors share the batch's first forward pass.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hf_lstm.encoding.batching import Batch
from hf_lstm.nn.random_numbers import RandomState
from hf_lstm.objectives.adversarial import (
    Loss,
    backward_with_adversary,
    sum_entropy,
    sum_virtual_adversarial_divergence,
)
from hf_lstm.runtime.devices import autocast_to
from hf_lstm.training.loop.state import TrainingRun


@dataclass(frozen=True)
class StepSize:
    """Holds the divisors of a step's sums: batches of unequal size weigh their rows alike."""

    weight_sum: float
    """Of all labeled rows."""
    num_rows: int
    """Labeled or not."""


@dataclass(frozen=True)
class Answered:
    """Holds what came of a batch, without graphs."""

    loss_sum: Tensor
    """A scalar: the batch's share of what the step minimizes, times the step's sum of row weights."""
    logits: Tensor
    """(batch, num_labels)"""


def add_labeled_gradients(
    run: TrainingRun, batch: Batch, targets: Tensor, row_weights: Tensor, size: StepSize
) -> Answered:
    """Add a labeled batch's share of a step's gradients.

    Args:
        run: whose model gets them.
        batch: some rows of the step.
        targets: as `Problem.sum_loss` takes them.
        row_weights: float32 (batch,).
        size: of the step.
    """
    model, config = run.model, run.config

    def sum_loss(logits: Tensor) -> Tensor:
        smoothing = config.label_smoothing
        return model.problem.sum_loss(logits, targets, row_weights=row_weights, label_smoothing=smoothing)

    has_more = config.changes_word_vectors or config.entropy_weight > 0
    if run.is_frozen or not has_more:
        with autocast_to(run.dtype, model.device):
            logits = model(batch.input_ids.to(model.device), batch.lengths)
        loss = sum_loss(logits)
        (loss / size.weight_sum).backward()  # type: ignore[no-untyped-call]
        return Answered(loss.detach(), logits.detach())
    loss, logits = _add_all(
        run, batch, lambda logits: sum_loss(logits) / size.weight_sum, config.adversarial_epsilon, size.num_rows
    )
    return Answered(loss * size.weight_sum, logits)


def add_unlabeled_gradients(run: TrainingRun, batch: Batch, size: StepSize) -> Answered:
    """Add an unlabeled batch's share of a step's gradients.

    Args are those of `add_labeled_gradients`.
    """
    loss, logits = _add_all(run, batch, None, None, size.num_rows)
    return Answered(loss * size.weight_sum, logits)


def _add_all(
    run: TrainingRun,
    batch: Batch,
    compute_label_loss: Callable[[Tensor], Tensor] | None,
    adversarial_epsilon: float | None,
    num_rows: int,
) -> tuple[Tensor, Tensor]:
    """Add the gradients of all objectives, and return their sum and the logits.

    Those of labels are among them where `compute_label_loss` computes their loss from logits.
    """
    model, config = run.model, run.config
    device, lengths = model.device, batch.lengths
    embedded = model.look_up(batch.input_ids.to(device), lengths)
    state = RandomState(device)
    answers: list[Tensor] = []

    def read(vectors: Tensor) -> Tensor:
        with autocast_to(run.dtype, device):
            return model.read(vectors, lengths)

    def compute_loss(vectors: Tensor) -> Tensor:
        has_loss = compute_label_loss is not None or config.entropy_weight > 0
        with torch.set_grad_enabled(has_loss):
            answers.append(read(vectors))
        loss = answers[-1].new_zeros(()) if compute_label_loss is None else compute_label_loss(answers[-1])
        if config.entropy_weight:
            loss = loss + config.entropy_weight * sum_entropy(answers[-1]) / num_rows
        return loss

    def read_again(vectors: Tensor) -> Tensor:
        """Read with the same dropout as the first time: an answer moves by the change of the words alone."""
        with state.replayed():
            return read(vectors)

    def compute_divergence(vectors: Tensor) -> Tensor:
        assert config.virtual_adversarial_epsilon is not None
        divergence = sum_virtual_adversarial_divergence(
            read_again,
            vectors,
            answers[0],
            lengths,
            epsilon=config.virtual_adversarial_epsilon,
        )
        return divergence / num_rows

    more: list[Loss] = [] if config.virtual_adversarial_epsilon is None else [compute_divergence]
    loss = backward_with_adversary(embedded, compute_loss, lengths, epsilon=adversarial_epsilon, more_losses=more)
    return loss, answers[0].detach()
