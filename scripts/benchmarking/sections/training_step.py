"""Times one training step on random reviews."""

import time
from collections.abc import Sequence
from typing import Any

from benchmarking.contenders.language_model import (
    PretrainingTask,
    list_pretraining_contenders,
    list_pretraining_figures,
)
from benchmarking.contenders.neural.packed import start_packed_training
from benchmarking.contenders.ours import start_our_training
from benchmarking.contenders.peak import PEAK
from benchmarking.contenders.wide_lstm import (  # fmt: skip
    WideShape,
    describe_wide_shapes,
    list_wide_contenders,
    list_wide_figures,
)
from benchmarking.harness.spec import Answers, Contender, Figure, Metric, Section
from benchmarking.tasks import USEFUL_OPERATIONS, TrainingTask, count_useful_gflop

OURS_BF16, OURS_FP32 = "ours, bf16", "ours, fp32"
PACKED, PACKED_FLUSHED = "packed loop", "packed loop, denormals flushed"

_OUR_STEPS_PER_ROUND = 5  # one alone is too short to time


def take_our_steps(task: TrainingTask, precision: str) -> Answers:
    """Yield seconds a step of this package, by round.

    Each round is on a new batch; the reviews' first batch warms up.
    """
    import numpy as np

    from hf_lstm.runtime.devices import name_dtype
    from hf_lstm.training.loop.step import train_step

    run, split, encode_s = start_our_training(task, precision)
    batch_size = task.train.batch_size
    batches = [np.arange(start, start + batch_size) for start in range(0, len(split), batch_size)]
    for _ in range(2):
        train_step(run, split, batches[0])
    yield {"encode_s": encode_s, "dtype": name_dtype(run.dtype)}
    for rows in batches[1:]:
        started = time.perf_counter()
        for _ in range(_OUR_STEPS_PER_ROUND):
            train_step(run, split, rows)
        step_s = (time.perf_counter() - started) / _OUR_STEPS_PER_ROUND
        num_tokens = int(split.texts.lengths[rows].sum())
        yield {"step_s": step_s, "useful_gflop_per_s": 3 * count_useful_gflop(task.model, num_tokens) / step_s}


def take_packed_steps(task: TrainingTask, flushes_denormals: bool) -> Answers:
    """Yield seconds a step of the packed loop, by round.

    The batches are the same. Tokenizing is not timed.
    """
    from benchmarking.contenders.neural.packed_loop import pad_reviews, train_on_batch

    training = start_packed_training(task, flushes_denormals=flushes_denormals)
    batch_size = task.train.batch_size
    rows = [training.dataset[row] for row in range(len(training.dataset))]
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    train_on_batch(training.model, training.optimizer, training.criterion, pad_reviews(batches[0]))
    yield {}
    for batch in batches[1:]:
        started = time.perf_counter()
        train_on_batch(training.model, training.optimizer, training.criterion, pad_reviews(batch))
        step_s = time.perf_counter() - started
        num_tokens = sum(len(input_ids) for input_ids, _ in batch)
        yield {"step_s": step_s, "useful_gflop_per_s": 3 * count_useful_gflop(task.model, num_tokens) / step_s}


def build_training_step(
    task: TrainingTask, language_model: PretrainingTask, wide_shapes: Sequence[WideShape]
) -> Section:
    """Build the section on one training step, of a classifier, of a language model, and of wide layers alone.

    `task.reviews` are the batches: one to warm up, then one a round.
    """
    step = {name: Metric(contender=name, name="step_s") for name in (OURS_BF16, OURS_FP32, PACKED, PACKED_FLUSHED)}
    return Section(
        title="batch of random reviews, padding and all",
        contenders=[
            PEAK,
            Contender(
                name=OURS_BF16,
                start=take_our_steps,
                arguments={"task": task, "precision": "bfloat16"},
                number_format="bfloat16",
            ),
            Contender(name=OURS_FP32, start=take_our_steps, arguments={"task": task, "precision": "float32"}),
            Contender(
                name=PACKED_FLUSHED, start=take_packed_steps, arguments={"task": task, "flushes_denormals": True}
            ),
            Contender(name=PACKED, start=take_packed_steps, arguments={"task": task, "flushes_denormals": False}),
            *list_pretraining_contenders(language_model),
            *list_wide_contenders(wide_shapes),
        ],
        figures=[
            Figure(title="bf16 against the packed loop", of=step[PACKED], to=step[OURS_BF16], at_least=25),
            Figure(title="fp32 against the packed loop", of=step[PACKED], to=step[OURS_FP32], at_least=14),
            Figure(title="bf16 against it with denormals flushed", of=step[PACKED_FLUSHED], to=step[OURS_BF16]),
            Figure(title="fp32 against it with denormals flushed", of=step[PACKED_FLUSHED], to=step[OURS_FP32]),
            *build_peak_shares("useful_gflop_per_s", at_least_fp32=45),
            *list_pretraining_figures(),
            *list_wide_figures(wide_shapes),
        ],
        settings={**describe_training(task), "wide_layers": describe_wide_shapes(wide_shapes)},
    )


def build_peak_shares(metric: str, *, at_least_fp32: float) -> list[Figure]:
    """Build the figures of this package's share of the matrix-product peak.

    `metric` is what is divided by the peak.
    """
    return [
        Figure(
            title=f"{name}: share of the matrix-product peak, useful operations only",
            of=Metric(contender=name, name=metric),
            to=Metric(contender=PEAK.name, name=f"{dtype}_gflop_per_s"),
            unit="%",
            at_least=at_least,
        )
        for name, dtype, at_least in ((OURS_FP32, "float32", at_least_fp32), (OURS_BF16, "bfloat16", None))
    ]


def describe_training(task: TrainingTask) -> dict[str, Any]:
    """Return the sizes behind a step's work."""
    model = task.model
    return {
        "batch_size": task.train.batch_size,
        "max_length_tokens": model.max_length_tokens,
        "vocab_size": model.vocab_size,
        "embedding_dim": model.embedding_dim,
        "hidden_size": model.hidden_size,
        "useful_operations": USEFUL_OPERATIONS,
    }
