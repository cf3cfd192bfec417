"""Times whatever turns texts into labels."""

import time
from collections.abc import Callable, Mapping

from benchmarking.contenders import Answer, Answers
from benchmarking.memory import read_peak_memory_mb, reset_peak_memory


def time_classification(ways: Mapping[str, Callable[[], object]], num_reviews: int, facts: Answer) -> Answers:
    """Yield the facts, then reviews/s of each way to do the same reviews, and the peak memory from the first round on.

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
