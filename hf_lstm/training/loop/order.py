"""Draws what each step of an epoch reads: a pure function of seed and epoch."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hf_lstm.config import TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.batching import count_batches, shuffle_batches
from hf_lstm.training.loop.state import TrainingRun

Batches = Sequence[NDArray[np.int64]]
"""Row numbers, batch by batch."""

_UNLABELED_SEED = 2**32
"""Added to the seed, below this, so that texts without labels have an order of their own."""

_MAX_PASSES = 2**24
"""Of an epoch over the texts without labels; it tells those of two epochs apart."""


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
