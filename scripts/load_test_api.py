"""Tests the API under programs that ask as fast as they are answered, and writes the figures as JSON.

Usage: `python scripts/load_test_api.py --help`.
"""

import argparse
import contextlib
import http.client
import json
import re
import shlex
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from hf_lstm.extras import require_library

CHECKOUT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 60.0


@dataclass
class Answers:
    """Counts what the clients of one load were answered."""

    latencies_s: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Serve a model by `hf-lstm serve --api`, and let 1, 4, 16 and 64 clients ask for the label of a "
        "review each, again and again, on the same machine."
    )
    parser.add_argument("model", metavar="MODEL", help="model folder, or Hub id")
    parser.add_argument("--clients", metavar="N", type=int, nargs="+", default=[1, 4, 16, 64], help="at the same time")
    parser.add_argument("--seconds", metavar="S", type=float, default=30, help="for each number of clients")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    arguments = parser.parse_args(argv)
    if min(arguments.clients) < 1 or arguments.seconds <= 0:
        parser.error("--clients and --seconds must be more than 0")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Run the test, and print and write its figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    require_library("fastapi")
    from benchmarking.harness.machine import describe_machine
    from hf_lstm.files.writing import write_json
    from hf_lstm.records.places import strip_command
    from hf_lstm.rows.texts import read_texts

    reviews = list(read_texts(CHECKOUT / "hf_lstm" / "resources" / "sample" / "test.parquet"))
    loads = []
    with run_api(arguments.model, arguments.port) as (host, port):
        measure_load(host, port, reviews, num_clients=4, duration_s=min(2.0, arguments.seconds))  # to warm up
        for num_clients in arguments.clients:
            answers = measure_load(host, port, reviews, num_clients=num_clients, duration_s=arguments.seconds)
            loads.append({"num_clients": num_clients, **describe_answers(answers, arguments.seconds)})
            print(json.dumps(loads[-1]))
    figures = {
        "command": strip_command(f"python scripts/load_test_api.py {shlex.join(argv)}"),
        "machine": describe_machine(),
        "model": Path(arguments.model).name,
        "seconds": arguments.seconds,
        "loads": loads,
    }
    if arguments.output is not None:
        write_json(arguments.output, figures)
        print(f"saved in {arguments.output}")


@contextlib.contextmanager
def run_api(model: str, port: int) -> Iterator[tuple[str, int]]:
    """Serve a model in a process of its own during a block, and return its host and port.

    Raises:
        InputError: it does not start; its message follows.
    """
    command = [sys.executable, "-m", "hf_lstm", "serve", model, "--api", "--port", str(port)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r" at http://([\d.]+):(\d+)", process.stdout.readline())
        if found is None:
            raise InputError(f"the API did not start: {' '.join(command[1:])}")
        try:
            yield found[1], int(found[2])
        finally:
            process.terminate()


def measure_load(host: str, port: int, texts: Sequence[str], *, num_clients: int, duration_s: float) -> Answers:
    """Have clients ask for some seconds, each with a connection of its own that it keeps, and count their answers."""
    answers, lock = Answers(), threading.Lock()
    stop_s = time.monotonic() + duration_s
    threads = [
        threading.Thread(target=_run_client, args=(host, port, texts[first::num_clients], stop_s, answers, lock))
        for first in range(num_clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _run_client(
    host: str, port: int, texts: Sequence[str], stop_s: float, answers: Answers, lock: threading.Lock
) -> None:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    asked = 0
    while time.monotonic() < stop_s:
        body = json.dumps({"text": texts[asked % len(texts)]})
        asked += 1
        started_s = time.perf_counter()
        try:
            connection.request("POST", "/classify", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            error = None if response.status == 200 else f"HTTP {response.status}"
        except (OSError, http.client.HTTPException) as failure:
            error = f"{type(failure).__name__}: {str(failure)[:100]}"
            connection.close()  # the next request opens it anew
        latency_s = time.perf_counter() - started_s
        with lock:
            if error is None:
                answers.latencies_s.append(latency_s)
            else:
                answers.errors[error] += 1
    connection.close()


def describe_answers(answers: Answers, duration_s: float) -> dict[str, Any]:
    """Return the answers in a second, the percentiles of their times in milliseconds, and the errors.

    Raises:
        InputError: there were no answers.
    """
    import numpy as np

    if not answers.latencies_s:
        raise InputError(f"no request was answered; the errors were {dict(answers.errors)}")
    percentiles = 1000 * np.percentile(answers.latencies_s, [50, 95, 99])
    return {
        "num_answers": len(answers.latencies_s),
        "answers_per_s": round(len(answers.latencies_s) / duration_s, 1),
        "latency_ms": {
            name: round(float(value), 1) for name, value in zip(("p50", "p95", "p99"), percentiles, strict=True)
        },
        "errors": dict(answers.errors.most_common()),
    }


if __name__ == "__main__":
    run_command_line(main)
