"""Trains a model epoch by epoch, and keeps the best epoch's weights."""

import copy
import logging
import time
from collections.abc import Sequence

import numpy as np
from tqdm.auto import tqdm

from hf_lstm.config import TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.distributed.processes import Processes
from hf_lstm.distributed.shards import Shards
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.errors import DivergenceError, NonFiniteError
from hf_lstm.evaluation.scoring import evaluate_split, measure_answers
from hf_lstm.markdown import format_duration
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.reading import to_json
from hf_lstm.records.results import Epoch, EpochFigures
from hf_lstm.runtime.devices import resolve_precision
from hf_lstm.storage.session import Session
from hf_lstm.training.loop.optimization import (
    build_averaged_model,
    build_optimizer,
    build_scheduler,
    compute_row_weights,
    require_convergence,
)
from hf_lstm.training.loop.order import count_steps, draw_all_steps
from hf_lstm.training.loop.state import EpochProgress, TrainingRun, capture_run, restore_run
from hf_lstm.training.loop.step import freeze, train_step

logger = logging.getLogger(__name__)


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
    averaged = None if config.ema_decay is None else build_averaged_model(model, config.ema_decay)
    if config.cuda_graphs:
        model.lstm.use_cuda_graphs()
    return TrainingRun(
        model=model,
        averaged=averaged,
        optimizer=optimizer,
        scheduler=build_scheduler(optimizer, config, count_steps(train_split.texts.lengths, config)),
        row_weights=compute_row_weights(train_split.labels, config.class_weights, num_labels=model.config.num_labels),
        dtype=resolve_precision(config.precision, model.device, model=None),
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
    freeze(run.lower_parameters, is_frozen=False)
    if config.cuda_graphs:
        model.lstm.use_cuda_graphs(False)
    assert run.best_weights is not None
    require_convergence(run.epochs, guessing_loss=model.problem.guessing_loss)
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
                is_over = run.processes.agree_to_end(session.interruptions.is_pending)
            if is_over:
                session.interruptions.end_as_others()
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
    return measure_answers(logits, split.labels, run.model.problem)


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
