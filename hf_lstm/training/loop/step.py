"""Takes an optimizer step: gradients of its batches, checked, clipped, and applied."""

import dataclasses
import math
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.distributed.shards import Shards
from hf_lstm.encoding.batching import collate, split_large_batches
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.errors import check_step
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.cpu.threads import run_in_threads
from hf_lstm.training.loop.gradients import StepSize, add_labeled_gradients, add_unlabeled_gradients
from hf_lstm.training.loop.order import Batches
from hf_lstm.training.loop.state import TrainingRun


def train_step(
    run: TrainingRun, split: LabeledTexts, *batches: NDArray[np.int64], unlabeled: Batches = ()
) -> tuple[float, int]:
    """Take one optimizer step on batches of row numbers, and on batches of numbers of texts without labels.

    Returns the summed loss of all rows, and the number of rows predicted right.

    Raises:
        DivergenceError: the loss or a gradient is not finite; the step is not taken.
    """
    freeze(run.lower_parameters, is_frozen=run.is_frozen)
    if run.unlabeled is None or run.is_frozen:
        unlabeled = ()
    weight_sum = sum(float(run.row_weights[rows].sum()) for rows in batches)
    size = StepSize(weight_sum, num_rows=sum(map(len, (*batches, *unlabeled))))
    run.optimizer.zero_grad(set_to_none=True)
    if run.shards is None:
        return _finish_step(run, _add_all_gradients(run, split, batches, unlabeled, size), weight_sum)

    def add(model: LSTMSentiment, rows: tuple[Batches, Batches]) -> Tensor:
        return _add_all_gradients(dataclasses.replace(run, model=model), split, *rows, size)

    labeled_parts = _divide(run.shards, batches, split.texts)
    unlabeled_parts = _divide(run.shards, unlabeled, run.unlabeled)
    parts = [part if any(part) else None for part in zip(labeled_parts, unlabeled_parts, strict=True)]
    figures = run.shards.add_gradients(run.step, parts, add, num_figures=2)
    # In one of the threads of one core: norms and optimizer would have other last bits on several.
    return run_in_threads([lambda: _finish_step(run, figures, weight_sum)])[0]


def _divide(shards: Shards[LSTMSentiment], batches: Batches, texts: EncodedTexts | None) -> list[Batches]:
    """Divide batches of row numbers, and return what each shard has of them, without empty batches."""
    if not batches or texts is None:
        return [[] for _ in range(shards.num_shards)]
    divided = zip(*(shards.divide(rows, texts.lengths) for rows in batches), strict=True)
    return [[rows for rows in of_shard if len(rows)] for of_shard in divided]


def _add_all_gradients(
    run: TrainingRun, split: LabeledTexts, batches: Batches, unlabeled: Batches, size: StepSize
) -> Tensor:
    """Add the gradients of batches, and return the summed loss and the number of rows predicted right, as a tensor."""
    model = run.model
    device = model.device
    loss_sum = num_correct = torch.zeros((), device=device)
    for rows in split_large_batches(split.texts.lengths, batches, model.config, device):
        batch = collate(split.texts, rows, pad_token_id=model.config.pad_token_id)
        labels = torch.from_numpy(split.labels[rows]).to(device)
        targets = labels if split.targets is None else torch.from_numpy(split.targets[rows]).to(device)
        row_weights = torch.from_numpy(run.row_weights[rows]).to(device)
        answered = add_labeled_gradients(run, batch, targets, row_weights, size)
        loss_sum = loss_sum + answered.loss_sum
        num_correct = num_correct + model.problem.find_right(answered.logits, labels).sum()
    if run.unlabeled is not None:
        for rows in split_large_batches(run.unlabeled.lengths, unlabeled, model.config, device):
            batch = collate(run.unlabeled, rows, pad_token_id=model.config.pad_token_id)
            loss_sum = loss_sum + add_unlabeled_gradients(run, batch, size).loss_sum
    return torch.stack([loss_sum, num_correct])


def _finish_step(run: TrainingRun, figures: Tensor, weight_sum: float) -> tuple[float, int]:
    """Step along the gradients, once they are checked; see `train_step`."""
    model, config = run.model, run.config
    grad_norm = nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm or math.inf)

    # Only here an accelerator is waited for. This is before the step, so that bad figures never reach the weights.
    total_loss, total_correct, norm = torch.cat([figures, grad_norm[None]]).tolist()
    check_step(run.step + 1, total_loss / weight_sum, norm, "a lower train.learning_rate or train.max_grad_norm")
    run.optimizer.step()
    run.scheduler.step()
    if run.averaged is not None:
        run.averaged.update_parameters(model)
    run.step += 1
    return total_loss, int(total_correct)


def freeze(parameters: Iterable[nn.Parameter], *, is_frozen: bool) -> None:
    """Have parameters get no gradients, or get them."""
    for parameter in parameters:
        parameter.requires_grad_(not is_frozen)
