"""Measures the cost of a training step by the reviews' length."""

import dataclasses
import functools
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarking.contenders.neural.packed import start_packed_training
from benchmarking.contenders.ours import start_our_training
from benchmarking.harness.spec import Answers, Contender, Figure, Metric, Section
from benchmarking.reviews import LabeledReviews
from benchmarking.sections.training_step import OURS_BF16, OURS_FP32, PACKED, describe_training
from benchmarking.tasks import TrainingTask

OUR_LENGTHS = (64, 128, 256, 512, 1024)
PACKED_LENGTHS = (64, 128, 256)  # at 256 a token costs ten times as much as at 128: longer ones would take too long
_NUM_WARMUP_STEPS = 3  # kernels are compiled for each shape, and the first steps allocate the optimizer's state
_OUR_ROUND_LENGTH = 1024  # shorter lengths take more steps, so that all are timed for as long
_MIN_STEPS = 3
_MAX_REPEATS = 3  # as each round has a median of several steps itself


def take_our_steps_by_length(task: TrainingTask, precision: str) -> Answers:
    """Yield microseconds a token of this package's step, by length."""
    import numpy as np

    from hf_lstm.runtime.devices import name_dtype
    from hf_lstm.training.loop.step import train_step

    rows = np.arange(task.train.batch_size)
    trainings = [start_our_training(_cut(task, length), precision)[:2] for length in OUR_LENGTHS]
    for run, split in trainings:
        for _ in range(_NUM_WARMUP_STEPS):
            train_step(run, split, rows)
    yield {"dtype": name_dtype(trainings[0][0].dtype)}
    while True:
        metrics = {}
        for length, (run, split) in zip(OUR_LENGTHS, trainings, strict=True):
            take_step = functools.partial(train_step, run, split, rows)
            num_steps = max(_MIN_STEPS, _OUR_ROUND_LENGTH // length)
            metrics[name_metric(length)] = _time_token_us(take_step, num_steps, len(rows) * length)
        yield metrics


def take_packed_steps_by_length(task: TrainingTask) -> Answers:
    """Yield microseconds a token of the packed loop's step, by length."""
    from benchmarking.contenders.neural.packed_loop import pad_reviews, train_on_batch

    trainings = []
    for length in PACKED_LENGTHS:
        training = start_packed_training(_cut(task, length), flushes_denormals=False)
        batch = pad_reviews([training.dataset[row] for row in range(task.train.batch_size)])
        trainings.append((training, batch))
    for training, batch in trainings[:-1]:  # by then all is compiled, and the longest step takes seconds
        train_on_batch(training.model, training.optimizer, training.criterion, batch)
    yield {}
    while True:
        metrics = {}
        for length, (training, batch) in zip(PACKED_LENGTHS, trainings, strict=True):
            take_step = functools.partial(train_on_batch, training.model, training.optimizer, training.criterion, batch)
            num_tokens = task.train.batch_size * length
            metrics[name_metric(length)] = _time_token_us(take_step, PACKED_LENGTHS[-1] // length, num_tokens)
        yield metrics


def name_metric(length: int) -> str:
    """Return the metric's name for reviews of `length` tokens."""
    return f"at_{length}_tokens_us_per_token"


def join_reviews(reviews: LabeledReviews, num_rows: int) -> LabeledReviews:
    """Join reviews to `num_rows` texts of the greatest length.

    Each is of as many reviews as it takes to have that many words.
    """
    texts: list[str] = []
    remaining = iter(reviews.texts)
    while len(texts) < num_rows:
        text = ""
        while len(text.split()) < OUR_LENGTHS[-1]:
            text += " " + next(remaining)
        texts.append(text)
    return LabeledReviews(texts=texts, labels=[row % 2 for row in range(num_rows)])


def _cut(task: TrainingTask, length: int) -> TrainingTask:
    return dataclasses.replace(task, model=dataclasses.replace(task.model, max_length_tokens=length))


def _time_token_us(take_step: Callable[[], object], num_steps: int, num_tokens: int) -> float:
    """Measure the microseconds a token of a step.

    It is the median of `num_steps` steps of `num_tokens` each.
    """
    elapsed_s = []
    for _ in range(num_steps):
        started = time.perf_counter()
        take_step()
        elapsed_s.append(time.perf_counter() - started)
    return 1e6 * statistics.median(elapsed_s) / num_tokens


def build_sequence_length(task: TrainingTask) -> Section:
    """Build the section on the cost by length.

    `task.reviews` are one batch of texts of at least `OUR_LENGTHS[-1]` words.
    """

    def compare(contender: str, lengths: Sequence[int]) -> Figure:
        short, long = (Metric(contender=contender, name=name_metric(length)) for length in (lengths[0], lengths[-1]))
        return Figure(title=f"{contender}: cost a token, {lengths[-1]} against {lengths[0]} tokens", of=long, to=short)

    settings: dict[str, Any] = describe_training(task) | {"max_length_tokens": list(OUR_LENGTHS)}
    return Section(
        title="training step by length; 1 x a token means that the cost grows linearly",
        contenders=[
            Contender(
                name=OURS_BF16,
                start=take_our_steps_by_length,
                arguments={"task": task, "precision": "bfloat16"},
                number_format="bfloat16",
            ),
            Contender(name=OURS_FP32, start=take_our_steps_by_length, arguments={"task": task, "precision": "float32"}),
            Contender(name=PACKED, start=take_packed_steps_by_length, arguments={"task": task}),
        ],
        figures=[compare(OURS_BF16, OUR_LENGTHS), compare(OURS_FP32, OUR_LENGTHS), compare(PACKED, PACKED_LENGTHS)],
        settings=settings,
        max_repeats=_MAX_REPEATS,
    )
