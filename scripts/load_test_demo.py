"""Tests the demo under many clients, and writes the figures as JSON.

Usage: `python scripts/load_test_demo.py --help`.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    from trials.load.clients import Tally

WARM_UP_SHARE = 0.2
"""Of the duration. After it caches are filled, and memory is compared from then on."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Serve a model with space/app.py, let clients ask for a while, and send what must be refused.",
        epilog="It takes the seconds asked for, at most a minute more for the last answers, and seconds to start the "
        "demo and to send what must be refused. Example: python scripts/load_test_demo.py runs/pooled-bilstm "
        "--seconds 60 --output load.json",
    )
    parser.add_argument("model", metavar="MODEL", help="model folder, or Hub id such as org/imdb-lstm")
    parser.add_argument("--clients", metavar="N", type=int, default=50, help="at the same time (default: 50)")
    parser.add_argument("--seconds", metavar="S", type=float, default=300, help="how long (default: 300)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    arguments = parser.parse_args(argv)
    if arguments.clients < 1 or arguments.seconds <= 0:
        parser.error("--clients and --seconds must be more than 0")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Run the test, and print and write its figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    figures = measure_demo(arguments)
    print(describe(figures))
    if arguments.output is not None:
        from hf_lstm.files.writing import write_json
        from hf_lstm.records.places import strip_command

        command = strip_command(f"python scripts/load_test_demo.py {shlex.join(argv)}")
        write_json(arguments.output, {"command": command, **figures})
        print(f"saved in {arguments.output}")


def measure_demo(arguments: argparse.Namespace) -> dict[str, Any]:
    """Serve the model, ask it from many clients, and return the figures.

    At the end it is sent what it must refuse.

    Raises:
        InputError: no request was answered.
    """
    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from benchmarking.harness.machine import describe_machine
    from hf_lstm.rows.texts import read_texts
    from trials.load.clients import run_clients
    from trials.load.refusals import measure_refusals
    from trials.load.server import CHECKOUT, run_demo

    reviews = list(read_texts(CHECKOUT / "hf_lstm" / "resources" / "sample" / "test.parquet"))
    print(f"starting the demo with {arguments.model}", file=sys.stderr)
    with run_demo(arguments.model) as server:
        print(f"started in {server.startup_s:.1f} s; {arguments.clients} clients connect", file=sys.stderr)
        tally = run_clients(server.address, reviews, num_clients=arguments.clients, duration_s=arguments.seconds)
        memory_mb = list(server.memory_mb)
        print("sending what must be refused", file=sys.stderr)
        refusals = measure_refusals(server.address)
    if not any(tally.latencies_s.values()):
        raise InputError(f"no request was answered; the errors were {dict(tally.errors)}")
    return {
        "machine": describe_machine(),
        "model": Path(arguments.model).name,
        "num_clients": arguments.clients,
        "seconds": arguments.seconds,
        "startup_s": round(server.startup_s, 2),
        **describe_answers(tally, arguments.seconds),
        **describe_memory(memory_mb),
        "refusals": refusals,
    }


def describe_answers(tally: "Tally", duration_s: float) -> dict[str, Any]:
    """Return the number of answers, their times, and the errors."""
    latencies_s = [latency_s for each in tally.latencies_s.values() for latency_s in each]
    return {
        "num_answers": len(latencies_s),
        "answers_per_s": round(len(latencies_s) / duration_s, 1),
        "latency_s": summarize(latencies_s),
        "latency_s_by_endpoint": {name: summarize(each) for name, each in tally.latencies_s.items() if each},
        "num_server_errors": tally.num_server_errors,
        "num_busy": tally.num_busy,
        "errors": dict(tally.errors.most_common()),
    }


def describe_memory(memory_mb: Sequence[float]) -> dict[str, Any]:
    """Return the server's memory, and its growth as a share.

    It is that once the server is warm, at the end and at its peak.
    """
    warm_mb = memory_mb[int(WARM_UP_SHARE * len(memory_mb))]
    return {
        "memory_mb": {"warm": round(warm_mb), "end": round(memory_mb[-1]), "peak": round(max(memory_mb))},
        "memory_growth": round(memory_mb[-1] / warm_mb - 1, 4),
    }


def summarize(latencies_s: list[float]) -> dict[str, float]:
    """Compute percentiles of latencies, in seconds."""
    import numpy as np

    percentiles = np.percentile(latencies_s, [50, 95, 99, 100])
    return {name: round(float(value), 3) for name, value in zip(("p50", "p95", "p99", "max"), percentiles, strict=True)}


def describe(figures: dict[str, Any]) -> str:
    """Describe the main figures in lines of text."""
    latency_s, memory_mb = figures["latency_s"], figures["memory_mb"]
    return "\n".join(
        [
            f"{figures['num_clients']} clients, {figures['seconds']:g} s: {figures['num_answers']:,} answers",
            f"latency: p50 {latency_s['p50']} s, p95 {latency_s['p95']} s, p99 {latency_s['p99']} s",
            f"5xx: {figures['num_server_errors']}, and {figures['num_busy']} times busy; errors: {figures['errors']}",
            f"memory: {memory_mb['warm']} MB warm, {memory_mb['end']} MB at the end ({figures['memory_growth']:+.1%})",
            *(f"{name}: {each['status']} in {each['longest_s']} s" for name, each in figures["refusals"].items()),
        ]
    )


if __name__ == "__main__":
    run_command_line(main)
