"""Trains a model epoch by epoch, and keeps the best epoch's weights."""

import copy
import dataclasses
import logging
import math
import time
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm.auto import tqdm

from hf_lstm.config import TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.devices import resolve_precision
from hf_lstm.distributed.processes import Processes
from hf_lstm.distributed.shards import Shards
from hf_lstm.errors import DivergenceError, NonFiniteError
from hf_lstm.evaluation.scoring import evaluate_split, measure_answers
from hf_lstm.markdown import format_duration
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.cpu_threads import run_in_threads
from hf_lstm.records.reading import to_json
from hf_lstm.records.results import Epoch, EpochFigures
from hf_lstm.storage.session import Session
from hf_lstm.tokenization.batching import collate, count_batches, shuffle_batches, split_large_batches
from hf_lstm.tokenization.encoder import EncodedTexts
from hf_lstm.training.gradients import StepSize, add_labeled_gradients, add_unlabeled_gradients
from hf_lstm.training.optimization import (
    build_averaged_model,
    build_optimizer,
    build_scheduler,
    compute_row_weights,
    require_convergence,
)
from hf_lstm.training.state import EpochProgress, TrainingRun, capture_run, restore_run

Batches = Sequence[NDArray[np.int64]]
"""Row numbers, batch by batch."""

logger = logging.getLogger(__name__)

_UNLABELED_SEED = 2**32
"""Added to the seed, below this, so that texts without labels have an order of their own."""
_MAX_PASSES = 2**24
"""Of an epoch over the texts without labels; it tells those of two epochs apart."""


def start_run(
    model: LSTMSentiment,
    train_split: LabeledTexts,
    config: TrainConfig,
    processes: Processes | None = None,
    *,
    unlabeled: EncodedTexts | None = None,
) -> TrainingRun:
    """Build a run at step 0, with optimizer and schedule.

    Steps read `unlabeled` if there are any, as many as `config` says.

    Raises:
        InputError: `config.class_weights` are not as many as the labels.
    """
    optimizer = build_optimizer(model, config)
    processes, shards = Processes() if processes is None else processes, None
    if config.num_shards is not None:
        shards = Shards(model, config.num_shards, seed=config.seed, processes=processes)
    return TrainingRun(
        model=model,
        averaged=None if config.ema_decay is None else build_averaged_model(model, config.ema_decay),
        optimizer=optimizer,
        scheduler=build_scheduler(optimizer, config, count_steps(train_split.texts.lengths, config)),
        row_weights=compute_row_weights(train_split.labels, config.class_weights, num_labels=model.config.num_labels),
        dtype=resolve_precision(config.precision, model.embedding.weight.device, model=None),
        config=config,
        processes=processes,
        shards=shards,
        lower_parameters=[
            parameter
            for module in (model.embedding, model.lstm)
            for parameter in module.parameters()
            if parameter.requires_grad
        ],
        unlabeled=unlabeled if config.unlabeled_batches_per_step and unlabeled is not None and len(unlabeled) else None,
    )


def count_steps(lengths: NDArray[np.int64], config: TrainConfig) -> int:
    """Count the optimizer steps of a complete run.

    `lengths` (num_rows,) are those of the rows. The count is 0 where nobody needs it: tokens limit the batches, and the
    learning rate is constant without warm-up.
    """
    if config.max_tokens_per_batch is None:
        num_batches = count_batches(len(lengths), config.batch_size, group_by_length=config.group_by_length)
        return config.num_epochs * math.ceil(num_batches / config.gradient_accumulation)
    if config.schedule == "constant" and not config.warmup_fraction:
        return 0  # not needed
    # How many rows fit into a batch depends on their lengths.
    return sum(len(draw_steps(lengths, config, epoch=epoch)) for epoch in range(1, config.num_epochs + 1))


def draw_steps(lengths: NDArray[np.int64], config: TrainConfig, *, epoch: int) -> list[list[NDArray[np.int64]]]:
    """Shuffle an epoch's rows into batches, and group these into steps.

    `lengths` (num_rows,) are those of the rows. Each step is a list of batches of row numbers.
    """
    batches = shuffle_batches(
        lengths,
        config.batch_size,
        seed=config.seed,
        epoch=epoch,
        group_by_length=config.group_by_length,
        max_tokens=config.max_tokens_per_batch,
    )
    per_step = config.gradient_accumulation
    return [batches[start : start + per_step] for start in range(0, len(batches), per_step)]


def draw_unlabeled_steps(
    lengths: NDArray[np.int64], config: TrainConfig, *, epoch: int, num_steps: int
) -> list[list[NDArray[np.int64]]]:
    """Shuffle texts without labels into the batches that an epoch's steps read, as often as it takes.

    `lengths` (num_texts,) are those of the texts. The order is a function of seed and epoch alone.
    """
    per_step = config.unlabeled_batches_per_step
    batches: list[NDArray[np.int64]] = []
    while len(batches) < num_steps * per_step:
        batches += shuffle_batches(
            lengths,
            config.batch_size,
            seed=_UNLABELED_SEED + config.seed,
            epoch=epoch * _MAX_PASSES + len(batches),
            group_by_length=config.group_by_length,
            max_tokens=config.max_tokens_per_batch,
        )
    return [batches[start : start + per_step] for start in range(0, num_steps * per_step, per_step)]


def draw_all_steps(run: TrainingRun, split: LabeledTexts, *, epoch: int) -> list[tuple[Batches, Batches]]:
    """Draw what each step of an epoch reads: batches of rows, and batches of texts without labels."""
    steps = draw_steps(split.texts.lengths, run.config, epoch=epoch)
    if run.unlabeled is None:
        return [(batches, []) for batches in steps]
    unlabeled = draw_unlabeled_steps(run.unlabeled.lengths, run.config, epoch=epoch, num_steps=len(steps))
    return list(zip(steps, unlabeled, strict=True))


def train(
    model: LSTMSentiment,
    train_split: LabeledTexts,
    validation_split: LabeledTexts,
    config: TrainConfig,
    *,
    unlabeled: EncodedTexts | None = None,
    show_progress: bool = True,
    session: Session | None = None,
    processes: Processes | None = None,
) -> list[Epoch]:
    """Train `model` in place, and return all epochs.

    `unlabeled` are texts that `config.unlabeled_batches_per_step` reads.

    It is left with the weights of the best epoch. With a session, training goes on from its latest checkpoint, to the
    bit: the epochs before it are among those returned. Several processes train the same model, each with its shards of
    the rows; the session of the leading one counts.

    Raises:
        LostProcessError: another process ended before its time.
        DivergenceError: the loss or a gradient is not finite, and the step is not taken; or after an epoch the model
            answers values that are not finite; or the best epoch's validation loss is far beyond that of guessing.
    """
    run = start_run(model, train_split, config, processes, unlabeled=unlabeled)
    session = Session() if session is None else session
    if (state := run.processes.share(session.restore())) is not None:
        restore_run(run, state)
        logger.info("resumed after step %s, in epoch %s", run.step, min(len(run.epochs) + 1, config.num_epochs))
    with session.running(lambda: capture_run(run)):
        while not _is_finished(run):
            run_epoch(run, train_split, validation_split, session, show_progress=show_progress)
        session.save()
    _freeze(run.lower_parameters, False)
    assert run.best_weights is not None
    require_convergence(run.epochs, num_labels=model.config.num_labels)
    model.load_state_dict(run.best_weights)
    model.eval()
    return run.epochs


def run_epoch(
    run: TrainingRun,
    train_split: LabeledTexts,
    validation_split: LabeledTexts,
    session: Session,
    *,
    show_progress: bool,
) -> None:
    """Train for an epoch, or the rest of one, and measure validation.

    Raises:
        DivergenceError: the loss, a gradient or an answer is not finite.
    """
    number = len(run.epochs) + 1
    train_figures = train_epoch(run, train_split, epoch=number, show_progress=show_progress, session=session)
    started = time.perf_counter()
    try:
        validation = _evaluate(run, validation_split)
    except NonFiniteError:
        raise DivergenceError(
            f"epoch {number}: the weights give values that are not finite: training diverged; "
            "try a lower train.learning_rate or train.max_grad_norm"
        ) from None
    epoch = Epoch(
        epoch=number,
        is_best=_is_best(validation, run.epochs, run.config.best_by),
        train=train_figures,
        validation=validation,
        elapsed_s=run.progress.elapsed_s + time.perf_counter() - started,
    )
    with session.step():  # what is in the state is in the log, too
        run.epochs.append(epoch)
        if epoch.is_best:
            run.best_weights = copy.deepcopy(run.evaluated_model.state_dict())
        logger.info(_describe_epoch(epoch, run.config.num_epochs))
        session.log({"step": run.step, **to_json(epoch)})
    session.save_if_due(run.step, ends_epoch=True)


def train_epoch(
    run: TrainingRun, split: LabeledTexts, *, epoch: int, show_progress: bool, session: Session | None = None
) -> EpochFigures:
    """Take all steps of an epoch that are not done yet, and return the figures of all of them.

    The loss is what is minimized, with its class weights and smoothing.
    """
    session = Session() if session is None else session
    if run.progress.epoch != epoch:
        run.progress = EpochProgress(epoch=epoch)
    run.model.train()
    done = run.progress
    with tqdm(
        total=len(split),
        initial=done.num_rows,
        desc=f"epoch {epoch}",
        unit="row",
        disable=not show_progress,
        leave=False,
    ) as bar:
        for batches, unlabeled in draw_all_steps(run, split, epoch=epoch)[done.num_steps :]:
            started = time.perf_counter()
            rows = np.concatenate(batches)
            weight_sum = float(run.row_weights[rows].sum())
            (learning_rate, *_) = run.scheduler.get_last_lr()
            with session.step():
                loss_sum, num_correct = train_step(run, split, *batches, unlabeled=unlabeled)
                done.add(loss_sum, weight_sum, num_correct, len(rows))
                done.elapsed_s += time.perf_counter() - started
                session.log(
                    {
                        "step": run.step,
                        "epoch": epoch,
                        "loss": loss_sum / weight_sum,
                        "accuracy": num_correct / len(rows),
                        "learning_rate": learning_rate,
                        "elapsed_s": session.elapsed_s,
                    }
                )
                is_over = run.processes.agree_to_end(session.is_asked_to_end)
            if is_over:
                session.end_as_others()
            session.save_if_due(run.step)
            figures = {"loss": f"{done.figures.loss:.4f}", "accuracy": f"{done.figures.accuracy:.4f}"}
            bar.set_postfix(figures, refresh=False)  # the next line shows it, at most ten times a second
            bar.update(len(rows))
    return done.figures


def _evaluate(run: TrainingRun, split: LabeledTexts) -> EpochFigures:
    """Measure the loss and the accuracy on a split, each row in one process."""
    if run.shards is None:
        return evaluate_split(run.evaluated_model, split, run.dtype)
    logits = run.shards.compute_logits(run.evaluated_model, split.texts, run.dtype)
    return measure_answers(logits, split.labels)


def train_step(
    run: TrainingRun, split: LabeledTexts, *batches: NDArray[np.int64], unlabeled: Batches = ()
) -> tuple[float, int]:
    """Take one optimizer step on batches of row numbers, and on batches of numbers of texts without labels.

    Returns the summed loss of all rows, and the number of rows predicted right.

    Raises:
        DivergenceError: the loss or a gradient is not finite; the step is not taken.
    """
    _freeze(run.lower_parameters, run.is_frozen)
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
    device = model.embedding.weight.device
    loss_sum = num_correct = torch.zeros((), device=device)
    for rows in split_large_batches(split.texts.lengths, batches, model.config):
        batch = collate(split.texts, rows, pad_token_id=model.config.pad_token_id)
        labels = torch.from_numpy(split.labels[rows]).to(device)
        targets = labels if split.targets is None else torch.from_numpy(split.targets[rows]).to(device)
        row_weights = torch.from_numpy(run.row_weights[rows]).to(device)
        answered = add_labeled_gradients(run, batch, targets, row_weights, size)
        loss_sum = loss_sum + answered.loss_sum
        num_correct = num_correct + (answered.logits.argmax(dim=1) == labels).sum()
    if run.unlabeled is not None:
        for rows in split_large_batches(run.unlabeled.lengths, unlabeled, model.config):
            batch = collate(run.unlabeled, rows, pad_token_id=model.config.pad_token_id)
            loss_sum = loss_sum + add_unlabeled_gradients(run, batch, size).loss_sum
    return torch.stack([loss_sum, num_correct])


def _finish_step(run: TrainingRun, figures: Tensor, weight_sum: float) -> tuple[float, int]:
    """Step along the gradients, once they are checked; see `train_step`."""
    model, config = run.model, run.config
    grad_norm = nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm or math.inf)

    # Only here an accelerator is waited for. This is before the step, so that bad figures never reach the weights.
    total_loss, total_correct, norm = torch.cat([figures, grad_norm[None]]).tolist()
    if not (math.isfinite(total_loss) and math.isfinite(norm)):
        raise DivergenceError(
            f"step {run.step + 1}: loss {total_loss / weight_sum:.4g}, gradient norm {norm:.4g}: training diverged; "
            "try a lower train.learning_rate or train.max_grad_norm"
        )
    run.optimizer.step()
    run.scheduler.step()
    if run.averaged is not None:
        run.averaged.update_parameters(model)
    run.step += 1
    return total_loss, int(total_correct)


def _freeze(parameters: Iterable[nn.Parameter], is_frozen: bool) -> None:
    """Have parameters get no gradients, or get them."""
    for parameter in parameters:
        parameter.requires_grad_(not is_frozen)


def find_best_epoch(epochs: Sequence[Epoch]) -> int:
    """Find the number of the best epoch.

    Its weights are kept.
    """
    return max(epoch.epoch for epoch in epochs if epoch.is_best)


def _is_finished(run: TrainingRun) -> bool:
    """Tell whether all epochs are done, or enough of them were no better."""
    num_done, patience = len(run.epochs), run.config.patience
    is_stuck = patience is not None and num_done > 0 and num_done - find_best_epoch(run.epochs) >= patience
    return num_done >= run.config.num_epochs or is_stuck


def _is_best(figures: EpochFigures, earlier: Sequence[Epoch], best_by: str) -> bool:
    if best_by == "loss":
        return all(figures.loss < epoch.validation.loss for epoch in earlier)
    return all(figures.accuracy > epoch.validation.accuracy for epoch in earlier)


def _describe_epoch(epoch: Epoch, num_epochs: int) -> str:
    figures = "  ".join(
        f"{name} loss {of_split.loss:.4f} accuracy {of_split.accuracy:.4f}"
        for name, of_split in (("train", epoch.train), ("validation", epoch.validation))
    )
    best = "  (best so far)" if epoch.is_best else ""
    return f"epoch {epoch.epoch}/{num_epochs}  {figures}  {format_duration(epoch.elapsed_s)}{best}"
