"""Runs many clients at once against the demo.

Each asks, reads the answer, and pauses, as people do.
"""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
from gradio_client import Client
from gradio_client.utils import QueueError

ENDPOINTS = {"/classify": 0.80, "/explain": 0.15, "/classify_batch": 0.05}
"""Each with its share of the requests."""
LINES_PER_BATCH = 20
PAUSE_S = 4.0
"""On average, to read the answer and think of the next text; exponentially distributed."""
PROGRESS_INTERVAL_S = 10.0
MAX_WAIT_S = 60.0
"""For the last answers, by all clients together."""
_BUSY = 503


@dataclass
class Tally:
    """Counts the clients' answers and errors."""

    latencies_s: dict[str, list[float]] = field(default_factory=lambda: {endpoint: [] for endpoint in ENDPOINTS})
    errors: Counter[str] = field(default_factory=Counter)
    """By kind and message."""
    num_server_errors: int = 0
    """Answers 5xx but for 503, which says that the demo is busy."""
    num_busy: int = 0


def run_clients(address: str, texts: Sequence[str], *, num_clients: int, duration_s: float) -> Tally:
    """Run `num_clients` at the same time for `duration_s` seconds.

    Returns what they met.
    """
    tally, lock = Tally(), threading.Lock()
    clients = [Client(address, verbose=False) for _ in range(num_clients)]
    stop_s = time.monotonic() + duration_s
    threads = [
        threading.Thread(
            target=_run_client, args=(client, random.Random(seed), texts, stop_s, tally, lock), daemon=True
        )
        for seed, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    while (left_s := stop_s - time.monotonic()) > 0:
        time.sleep(min(left_s, PROGRESS_INTERVAL_S))
        num_answers = sum(map(len, tally.latencies_s.values()))
        left_s = max(stop_s - time.monotonic(), 0)
        print(f"{num_answers:,} answers, {tally.errors.total()} errors; {left_s:.0f} s to go", file=sys.stderr)
    for thread in threads:
        thread.join(max(stop_s + MAX_WAIT_S - time.monotonic(), 0))
    return tally


def _run_client(
    client: Client, draw: random.Random, texts: Sequence[str], stop_s: float, tally: Tally, lock: threading.Lock
) -> None:
    time.sleep(draw.uniform(0, PAUSE_S))
    while time.monotonic() < stop_s:
        (endpoint,) = draw.choices(list(ENDPOINTS), list(ENDPOINTS.values()))
        started_s = time.monotonic()
        try:
            if endpoint == "/classify_batch":
                lines = "\n".join(" ".join(text.split()) for text in draw.choices(texts, k=LINES_PER_BATCH))
                client.predict(lines, None, None, api_name=endpoint)
            else:
                client.predict(draw.choice(texts), api_name=endpoint)
        except Exception as error:  # whatever it is, it is counted
            with lock:
                _count_error(error, tally)
        else:
            with lock:
                tally.latencies_s[endpoint].append(time.monotonic() - started_s)
        time.sleep(draw.expovariate(1 / PAUSE_S))


def _count_error(error: Exception, tally: Tally) -> None:
    tally.errors[f"{type(error).__name__}: {str(error)[:100]}"] += 1
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0
    if isinstance(error, QueueError) or status == _BUSY:
        tally.num_busy += 1
    elif status >= 500:
        tally.num_server_errors += 1
