"""Times ways to turn texts into labels."""

import time
from collections.abc import Callable, Mapping

import numpy as np

from benchmarking.harness.machine import read_peak_memory_mb, reset_peak_memory
from benchmarking.harness.spec import Answer, Answers

IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE = "reviews_per_s", "reviews_per_s_with_a_process_per_core"
"""Two ways to use all cores, by the metric's name. The one process has as many threads as its library starts."""
_NUM_WARMUP_TEXTS = 3


def time_classification(ways: Mapping[str, Callable[[], object]], num_reviews: int, facts: Answer) -> Answers:
    """Yield the facts, then reviews/s of each way, and the peak memory.

    All ways do the same reviews. The peak counts from the first round on.

    Args:
        ways: functions that each classify the reviews, by the metric's name.
        num_reviews: how many there are.
        facts: what is known from the preparation.
    """
    yield {"num_reviews": num_reviews, **facts}
    reset_peak_memory()
    while True:
        metrics = {}
        for metric, classify in ways.items():
            started = time.perf_counter()
            classify()
            metrics[metric] = num_reviews / (time.perf_counter() - started)
        yield metrics | {"peak_memory_mb": read_peak_memory_mb()}


def time_each(classify: Callable[[str], object], texts: list[str]) -> Answers:
    """Yield p50 and p95 in milliseconds of `classify(text)`.

    Each text is classified once a round.
    """
    for text in texts[:_NUM_WARMUP_TEXTS]:
        classify(text)
    yield {"num_reviews": len(texts)}
    while True:
        elapsed_ms = []
        for text in texts:
            started = time.perf_counter()
            classify(text)
            elapsed_ms.append(1000 * (time.perf_counter() - started))
        p50_ms, p95_ms = np.percentile(elapsed_ms, [50, 95]).tolist()
        yield {"p50_ms": p50_ms, "p95_ms": p95_ms}
