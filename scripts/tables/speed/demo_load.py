"""Write what the demo stands, of `results/demo_load.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_table
from tables.measured import format_measured


def format_demo_load(root: Path) -> str:
    """Return the tables of `root/results/demo_load.json`: answers, memory, and refusals.

    Raises:
        InputError: the file is not what `scripts/load_test_demo.py` writes.
    """
    return format_measured(
        root / "results" / "demo_load.json", "what scripts/load_test_demo.py writes", _format_demo_load
    )


def _format_demo_load(figures: Mapping[str, Any]) -> str:
    latency_s, memory_mb = figures["latency_s"], figures["memory_mb"]
    measured = [
        ["answers", f"{figures['num_answers']:,}"],
        ["errors of the server", f"{figures['num_server_errors']:,}"],
        ["half of the answers within", f"{latency_s['p50']:.2f} s"],
        ["95 % within", f"{latency_s['p95']:.2f} s"],
        ["99 % within", f"{latency_s['p99']:.2f} s"],
        ["memory, once it is warm", f"{memory_mb['warm']:,} MB"],
        ["memory at the end", f"{memory_mb['end']:,} MB ({100 * figures['memory_growth']:+.1f} %)"],
    ]
    refused = [
        [name, " / ".join(map(str, each["status"])), f"{each['longest_s']:.2f} s"]
        for name, each in figures["refusals"].items()
    ]
    return (
        f"{figures['num_clients']} clients for {figures['seconds']:g} s, on the same {figures['machine']['num_cores']} "
        "cores as the server, from [`results/demo_load.json`](demo_load.json):\n\n"
        f"{format_table(['what', 'measured'], measured)}\n\n"
        f"{format_table(['what is refused', 'HTTP status', 'at the latest after'], refused)}"
    )
