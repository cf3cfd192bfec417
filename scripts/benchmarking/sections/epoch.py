"""Times a whole training epoch, from raw texts."""

import itertools
import math
import time
from collections.abc import Sequence

from benchmarking.contenders.neural.packed import start_packed_training
from benchmarking.contenders.ours import start_our_training
from benchmarking.contenders.peak import PEAK
from benchmarking.harness.spec import Answers, Contender, Figure, Metric, Section
from benchmarking.sections.training_step import OURS_BF16, OURS_FP32, PACKED, build_peak_shares, describe_training
from benchmarking.tasks import TrainingTask, count_useful_gflop


def run_our_epoch(task: TrainingTask, precision: str, batches_of_round: Sequence[int]) -> Answers:
    """Yield figures of successive slices of this package's epoch.

    Batches are by length, and texts are encoded once. `epoch_s` is scaled from the slice's rows to all, plus the
    seconds of encoding: as if there were this epoch only.
    """
    from hf_lstm.encoding.batching import padding_share, shuffle_batches
    from hf_lstm.runtime.devices import name_dtype
    from hf_lstm.training.loop.step import train_step

    run, split, encode_s = start_our_training(task, precision)
    lengths = split.texts.lengths
    batches = shuffle_batches(lengths, task.train.batch_size, seed=task.train.seed, epoch=1)
    unsorted = shuffle_batches(lengths, task.train.batch_size, seed=task.train.seed, epoch=1, group_by_length=False)
    for rows in batches[-3:]:
        train_step(run, split, rows)
    yield {
        "encode_s": encode_s,
        "dtype": name_dtype(run.dtype),
        "num_batches": len(batches),
        "padding_share": padding_share(lengths, batches),
        "padding_share_without_grouping": padding_share(lengths, unsorted),
    }
    remaining = itertools.cycle(batches)
    for num_batches in batches_of_round:
        slice_of_batches = list(itertools.islice(remaining, num_batches))
        started = time.perf_counter()
        for rows in slice_of_batches:
            train_step(run, split, rows)
        elapsed_s = time.perf_counter() - started
        num_rows = sum(len(rows) for rows in slice_of_batches)
        num_tokens = sum(int(lengths[rows].sum()) for rows in slice_of_batches)
        num_positions = sum(len(rows) * int(lengths[rows].max()) for rows in slice_of_batches)
        yield {
            "epoch_s": encode_s + elapsed_s * len(split) / num_rows,
            "measured_s": elapsed_s,
            "measured_batches": len(slice_of_batches),
            "useful_gflop_per_s": 3 * count_useful_gflop(task.model, num_tokens) / elapsed_s,
            "padding_share": 1 - num_tokens / num_positions,
        }


def run_packed_epoch(task: TrainingTask, batches_of_round: Sequence[int]) -> Answers:
    """Yield figures of successive slices of the straightforward loop's epoch.

    Tokenizing is included.
    """
    import torch
    from torch.utils.data import DataLoader

    from benchmarking.contenders.neural.packed_loop import pad_reviews, train_on_batch

    training = start_packed_training(task, flushes_denormals=False)
    loader = DataLoader(
        training.dataset,
        batch_size=task.train.batch_size,
        shuffle=True,
        collate_fn=pad_reviews,
        generator=torch.Generator().manual_seed(task.train.seed),
    )
    train_on_batch(training.model, training.optimizer, training.criterion, next(iter(loader)))
    yield {"num_batches": len(loader)}
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    for num_batches in batches_of_round:
        num_rows = 0
        started = time.perf_counter()
        for batch in itertools.islice(batches, num_batches):
            train_on_batch(training.model, training.optimizer, training.criterion, batch)
            num_rows += len(batch[0])
        elapsed_s = time.perf_counter() - started
        yield {
            "epoch_s": elapsed_s * len(training.dataset) / num_rows,
            "measured_s": elapsed_s,
            "measured_batches": num_batches,
        }


def build_epoch(task: TrainingTask, *, repeats: int, our_share: float, packed_batches: int | None) -> Section:
    """Build the section on a whole epoch.

    Args:
        task: what is trained on what.
        repeats: rounds there will be; they share what is measured.
        our_share: share of this package's epoch that is measured.
        packed_batches: number of batches of the packed loop's epoch that are measured; None for all.
    """
    num_batches = math.ceil(len(task.reviews.texts) / task.train.batch_size)
    our_rounds = share_out(math.ceil(our_share * num_batches), repeats)
    packed_rounds = share_out(packed_batches or num_batches, repeats)
    ours, packed = ({"task": task, "batches_of_round": rounds} for rounds in (our_rounds, packed_rounds))
    epoch = {name: Metric(contender=name, name="epoch_s") for name in (OURS_BF16, OURS_FP32, PACKED)}
    padding = Metric(contender=OURS_BF16, name="padding_share")
    return Section(
        title="epoch s is scaled to all rows from the measured batches, encoding included",
        contenders=[
            PEAK,
            Contender(
                name=OURS_BF16,
                start=run_our_epoch,
                arguments={**ours, "precision": "bfloat16"},
                number_format="bfloat16",
            ),
            Contender(name=OURS_FP32, start=run_our_epoch, arguments={**ours, "precision": "float32"}),
            Contender(name=PACKED, start=run_packed_epoch, arguments=packed),
        ],
        figures=[
            Figure(title="bf16 against the packed loop", of=epoch[PACKED], to=epoch[OURS_BF16], at_least=30),
            Figure(title="fp32 against the packed loop", of=epoch[PACKED], to=epoch[OURS_FP32]),
            *build_peak_shares("useful_gflop_per_s", at_least_fp32=45),
            *(
                Figure(
                    title=f"{name}: what was measured of the epoch, {sum(rounds)} of {num_batches} batches",
                    of=Metric(contender=name, name="measured_s"),
                    relation="sum",
                    unit="s",
                )
                for name, rounds in ((OURS_BF16, our_rounds), (OURS_FP32, our_rounds), (PACKED, packed_rounds))
            ),
            Figure(title="share of what is computed that is padding", of=padding, unit="%", at_most=5),
        ],
        settings={**describe_training(task), "num_rows": len(task.reviews.texts), "num_batches": num_batches},
    )


def share_out(num_batches: int, repeats: int) -> list[int]:
    """Divide `num_batches` among the rounds, at least one each."""
    return [max(1, num_batches // repeats + (number < num_batches % repeats)) for number in range(repeats)]
