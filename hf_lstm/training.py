"""The training loop: one step, one epoch, and the run that keeps the best epoch's weights."""

import copy
import logging
import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm

from hf_lstm.batching import LabeledTexts, collate, shuffle_batches
from hf_lstm.config import TrainConfig
from hf_lstm.devices import autocast_to, resolve_precision
from hf_lstm.errors import DivergenceError
from hf_lstm.evaluation import evaluate_split
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.objectives import sum_cross_entropy

logger = logging.getLogger(__name__)


@dataclass
class TrainingRun:
    """What changes while a model is trained."""

    model: LSTMSentiment
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    dtype: torch.dtype
    """What the forward and backward passes compute in; weights and optimizer state stay float32."""
    max_grad_norm: float | None
    step: int = 0
    """Optimizer steps done."""
    epochs: list[dict[str, Any]] = field(default_factory=list)
    """One record an epoch: `epoch`, `train` and `validation` figures, `elapsed_s`."""


def start_run(model: LSTMSentiment, config: TrainConfig) -> TrainingRun:
    """Return a run at step 0, with optimizer and schedule as `config` says."""
    device = model.embedding.weight.device
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=config.learning_rate,
        eps=config.adam_epsilon,
        weight_decay=config.weight_decay,
        fused=device.type in ("cpu", "cuda"),
    )
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / config.warmup_steps) if config.warmup_steps else 1.0
    )
    return TrainingRun(
        model,
        optimizer,
        scheduler,
        resolve_precision(config.precision, device, hidden_size=model.config.hidden_size),
        config.max_grad_norm,
    )


def train(
    model: LSTMSentiment,
    train_split: LabeledTexts,
    validation_split: LabeledTexts,
    config: TrainConfig,
    *,
    show_progress: bool = True,
) -> list[dict[str, Any]]:
    """Train `model` in place, leave it with the weights of the best epoch, and return the epochs' records.

    Each record holds `epoch` (from 1), `is_best`, `train` and `validation` (each `loss` in nats and `accuracy`, as
    means over rows) and `elapsed_s`.

    Raises:
        DivergenceError: the loss or a gradient is not finite; the step is not taken.
    """
    run = start_run(model, config)
    best_weights = None
    for epoch in range(1, config.num_epochs + 1):
        started = time.perf_counter()
        train_figures = train_epoch(run, train_split, config, epoch=epoch, show_progress=show_progress)
        validation = evaluate_split(model, validation_split, run.dtype)
        validation_figures = {name: validation[name] for name in ("loss", "accuracy")}
        is_best = _is_best(validation_figures, run.epochs, config.best_by)
        run.epochs.append(
            {
                "epoch": epoch,
                "is_best": is_best,
                "train": train_figures,
                "validation": validation_figures,
                "elapsed_s": time.perf_counter() - started,
            }
        )
        if is_best:
            best_weights = copy.deepcopy(model.state_dict())
        logger.info(_describe_epoch(run.epochs[-1], config.num_epochs))
        best_epoch = max(record["epoch"] for record in run.epochs if record["is_best"])
        if config.patience is not None and epoch - best_epoch >= config.patience:
            break
    assert best_weights is not None
    model.load_state_dict(best_weights)
    model.eval()
    return run.epochs


def train_epoch(
    run: TrainingRun, split: LabeledTexts, config: TrainConfig, *, epoch: int, show_progress: bool
) -> dict[str, float]:
    """Take one step per batch of the split; return the `loss` and `accuracy` seen on the way, as means over rows."""
    run.model.train()
    lengths = split.texts.lengths
    batches = shuffle_batches(
        lengths,
        config.batch_size,
        seed=config.seed,
        epoch=epoch,
        group_by_length=config.group_by_length,
        max_tokens=config.max_tokens_per_batch,
    )
    loss_sum, num_correct, num_rows = 0.0, 0, 0
    with tqdm(total=len(split), desc=f"epoch {epoch}", unit="row", disable=not show_progress, leave=False) as progress:
        for rows in batches:
            step_loss_sum, step_num_correct = train_step(run, split, rows)
            loss_sum += step_loss_sum
            num_correct += step_num_correct
            num_rows += len(rows)
            progress.update(len(rows))
            progress.set_postfix(loss=f"{loss_sum / num_rows:.4f}", accuracy=f"{num_correct / num_rows:.4f}")
    return {"loss": loss_sum / num_rows, "accuracy": num_correct / num_rows}


def train_step(run: TrainingRun, split: LabeledTexts, rows: np.ndarray) -> tuple[float, int]:
    """Take one optimizer step on the given rows; return their summed loss and the number predicted right."""
    model = run.model
    device = model.embedding.weight.device
    batch = collate(split.texts, rows, pad_token_id=model.config.pad_token_id)
    labels = torch.from_numpy(split.labels[rows]).to(device)

    with autocast_to(run.dtype, device):
        logits = model(batch.input_ids.to(device), batch.lengths)
    loss_sum = sum_cross_entropy(logits, labels)
    run.optimizer.zero_grad(set_to_none=True)
    (loss_sum / len(rows)).backward()  # type: ignore[no-untyped-call]
    grad_norm = nn.utils.clip_grad_norm_(model.parameters(), run.max_grad_norm or math.inf)

    # The only place where an accelerator is waited for. Before the step, so that bad figures never reach the weights.
    loss, norm, num_correct = torch.stack(
        [loss_sum.detach(), grad_norm, (logits.argmax(dim=1) == labels).sum()]
    ).tolist()
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise DivergenceError(
            f"step {run.step + 1}: loss {loss / len(rows):.4g}, gradient norm {norm:.4g}: training diverged; "
            "try a lower train.learning_rate or train.max_grad_norm"
        )
    run.optimizer.step()
    run.scheduler.step()
    run.step += 1
    return loss, int(num_correct)


def _is_best(figures: dict[str, float], earlier: list[dict[str, Any]], best_by: str) -> bool:
    if not earlier:
        return True
    seen: list[float] = [record["validation"][best_by] for record in earlier]
    return figures[best_by] < min(seen) if best_by == "loss" else figures[best_by] > max(seen)


def _describe_epoch(record: dict[str, Any], num_epochs: int) -> str:
    figures = "  ".join(
        f"{name} loss {record[name]['loss']:.4f} accuracy {record[name]['accuracy']:.4f}"
        for name in ("train", "validation")
    )
    best = "  (best so far)" if record["is_best"] else ""
    return f"epoch {record['epoch']}/{num_epochs}  {figures}  {record['elapsed_s']:.1f} s{best}"
