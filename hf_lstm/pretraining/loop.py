"""Trains a language model step by step."""

import logging
import math
import time

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm.auto import tqdm

from hf_lstm.config.pretrain import PretrainConfig
from hf_lstm.encoding.batching import collate
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.errors import check_step
from hf_lstm.pretraining.language_model import LanguageModel
from hf_lstm.pretraining.sampled_softmax import WordSampler, sum_cross_entropy_over_all, sum_sampled_cross_entropy
from hf_lstm.pretraining.state import PretrainRun, Progress, capture_run, restore_run
from hf_lstm.pretraining.stream import WordStream, cut_into_pieces, list_batches
from hf_lstm.records.pretraining import PretrainEpoch
from hf_lstm.records.reading import to_json
from hf_lstm.runtime.devices import autocast_to, resolve_precision
from hf_lstm.storage.session import Session

logger = logging.getLogger(__name__)

ADAM_BETAS = (0.9, 0.99)
"""The second moment forgets faster than by default, as rare words bring ever new gradients."""
ROWS_PER_MEASURED_BATCH = 32
MAX_MEASURED_TOKENS = 100_000
"""Words of validation that are measured, as the whole vocabulary is weighed at each: they give the loss to 1 %."""


def start_pretraining(model: LanguageModel, texts: EncodedTexts, config: PretrainConfig) -> PretrainRun:
    """Build a run at step 0, and set the biases of the words by how often they occur.

    Args:
        model: with weights just drawn.
        texts: whole; long ones are cut as the model's config says.
        config: how to train it.
    """
    counts = np.bincount(texts.input_ids, minlength=model.config.vocab_size)
    shares = np.maximum(counts, 1) / np.maximum(counts, 1).sum()
    with torch.no_grad():
        model.output_bias.copy_(torch.from_numpy(np.log(shares)))
    pieces = cut_into_pieces(texts, model.config.max_length_tokens)
    stream = WordStream(pieces, config.batch_size, seed=config.seed, pad_token_id=model.config.pad_token_id)
    device = model.device
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=config.learning_rate,
        betas=ADAM_BETAS,
        weight_decay=0.0,
        fused=device.type in ("cpu", "cuda"),
    )
    if config.cuda_graphs:
        model.lstm.use_cuda_graphs()
    num_steps = max(1, config.num_epochs * stream.steps_per_epoch)
    warmup_steps = min(config.warmup_steps, num_steps // 10)
    scheduler = LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (warmup_steps + 1)) * max(0.0, 1.0 - step / num_steps)
    )
    return PretrainRun(
        model=model,
        stream=stream,
        sampler=WordSampler(counts, config.num_candidates, power=config.candidate_power),
        optimizer=optimizer,
        scheduler=scheduler,
        dtype=resolve_precision(config.precision, device, model=None),
        config=config,
    )


def pretrain(
    run: PretrainRun, validation: EncodedTexts, *, session: Session | None = None, show_progress: bool = True
) -> list[PretrainEpoch]:
    """Train a run's model to the end, and return all epochs.

    With a session, training goes on from its latest checkpoint, to the bit.

    Raises:
        DivergenceError: the loss or a gradient is not finite; the step is not taken.
    """
    session = Session() if session is None else session
    if (state := session.restore()) is not None:
        restore_run(run, state)
        logger.info("resumed after step %s of %s", f"{run.step:,}", f"{run.num_steps:,}")
    with session.running(lambda: capture_run(run)):
        while run.step < run.num_steps:
            _pretrain_epoch(run, session, show_progress=show_progress)
            _finish_epoch(run, validation, session)
        session.save()
    if run.config.cuda_graphs:
        run.model.lstm.use_cuda_graphs(False)
    run.model.eval()
    return run.epochs


def _pretrain_epoch(run: PretrainRun, session: Session, *, show_progress: bool) -> None:
    """Take the steps of the epoch that are not done yet."""
    epoch, done, per_epoch = len(run.epochs) + 1, run.progress, run.stream.steps_per_epoch
    run.model.train()
    with tqdm(
        total=per_epoch,
        initial=run.step - len(run.epochs) * per_epoch,
        desc=f"epoch {epoch}",
        unit="step",
        disable=not show_progress,
        leave=False,
    ) as bar:
        while run.step < epoch * per_epoch:
            started = time.perf_counter()
            (learning_rate, *_) = run.scheduler.get_last_lr()
            with session.step():
                loss_sum, num_predicted, num_tokens = pretrain_step(run)
                done.loss_sum += loss_sum
                done.num_predicted += num_predicted
                done.num_tokens += num_tokens
                done.elapsed_s += time.perf_counter() - started
                session.log(
                    {
                        "step": run.step,
                        "epoch": epoch,
                        "loss": loss_sum / max(1, num_predicted),
                        "learning_rate": learning_rate,
                        "tokens": num_tokens,
                        "elapsed_s": session.elapsed_s,
                    }
                )
            session.save_if_due(run.step)
            figures = {"loss": f"{done.loss:.3f}", "tokens/s": f"{done.num_tokens / done.elapsed_s:,.0f}"}
            bar.set_postfix(figures, refresh=False)
            bar.update()


def _finish_epoch(run: PretrainRun, validation: EncodedTexts, session: Session) -> None:
    losses = measure_losses(run.model, validation, run.dtype)
    epoch = PretrainEpoch(
        epoch=len(run.epochs) + 1,
        train_loss=run.progress.loss,
        validation_loss=losses,
        validation_perplexity=[math.exp(min(loss, 700.0)) for loss in losses],
        num_tokens=run.progress.num_tokens,
        elapsed_s=run.progress.elapsed_s,
    )
    with session.step():  # what is in the state is in the log, too
        run.epochs.append(epoch)
        run.progress = Progress()
        logger.info(
            "epoch %s/%s  train loss %.4f  validation perplexity %s  %.0f s, %s tokens/s",
            epoch.epoch,
            run.config.num_epochs,
            epoch.train_loss,
            " and ".join(f"{perplexity:.2f}" for perplexity in epoch.validation_perplexity),
            epoch.elapsed_s,
            f"{epoch.num_tokens / epoch.elapsed_s:,.0f}",
        )
        session.log({"step": run.step, **to_json(epoch)})
    session.save_if_due(run.step, ends_epoch=True)


def pretrain_step(run: PretrainRun) -> tuple[float, int, int]:
    """Take one optimizer step.

    All its random numbers come from the seed and the number of the step.

    Returns:
        The summed loss in nats, how many words were predicted, and how many were read.

    Raises:
        DivergenceError: the loss or a gradient is not finite; the step is not taken.
    """
    model, config = run.model, run.config
    device = model.device
    batch = run.stream.draw(run.step)
    generator = np.random.default_rng((config.seed, run.step))
    torch.manual_seed(int(generator.integers(2**63)))
    candidates = run.sampler.draw(generator).to(device)
    run.optimizer.zero_grad(set_to_none=True)
    with autocast_to(run.dtype, device):
        predictions = list(model(batch.input_ids.to(device), batch.lengths))
    loss = torch.zeros((), device=device)
    for prediction in predictions:
        loss = loss + sum_sampled_cross_entropy(
            prediction.features, prediction.targets, model.embedding.weight, model.output_bias, candidates
        )
    num_predicted = sum(len(prediction.targets) for prediction in predictions)
    (loss / num_predicted).backward()  # type: ignore[no-untyped-call]
    others = [parameter for parameter in model.parameters() if parameter is not model.embedding.weight]
    norm = nn.utils.clip_grad_norm_(others, config.max_grad_norm)
    loss_sum, grad_norm = torch.stack([loss.detach(), norm]).tolist()
    check_step(run.step + 1, loss_sum / num_predicted, grad_norm, "a lower pretrain.learning_rate")
    run.optimizer.step()
    run.scheduler.step()
    run.step += 1
    return loss_sum, num_predicted, int(batch.lengths.sum())


def measure_losses(model: LanguageModel, texts: EncodedTexts, dtype: torch.dtype) -> list[float]:
    """Measure the exact loss of each direction, in nats a word, on the first `MAX_MEASURED_TOKENS` words of texts.

    The model is left in evaluation mode.
    """
    model.eval()
    num_texts = max(1, int(np.searchsorted(texts.offsets, MAX_MEASURED_TOKENS, side="right")) - 1)
    texts = EncodedTexts(texts.input_ids, texts.offsets[: num_texts + 1])
    pieces = cut_into_pieces(texts, model.config.max_length_tokens)
    device = model.device
    losses, counts = [0.0] * len(model.projections), [0] * len(model.projections)
    for rows in list_batches(pieces, ROWS_PER_MEASURED_BATCH):
        batch = collate(pieces, rows, pad_token_id=model.config.pad_token_id)
        with torch.inference_mode(), autocast_to(dtype, device):
            for direction, prediction in enumerate(model(batch.input_ids.to(device), batch.lengths)):
                loss = sum_cross_entropy_over_all(
                    prediction.features, prediction.targets, model.embedding.weight, model.output_bias
                )
                losses[direction] += float(loss)
                counts[direction] += len(prediction.targets)
    return [loss / max(1, count) for loss, count in zip(losses, counts, strict=True)]
