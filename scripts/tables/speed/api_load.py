"""Write what the API stands, of `results/api_load.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_table
from tables.measured import format_measured

NOT_MEASURED = "`results/api_load.json` is not there: nothing was measured yet."


def format_api_load(root: Path) -> str:
    """Return the table of `root/results/api_load.json`: answers in a second, and how long they take.

    Raises:
        InputError: the file is not what `scripts/load_test_api.py` writes.
    """
    path = root / "results" / "api_load.json"
    if not path.exists():
        return NOT_MEASURED
    return format_measured(path, "what scripts/load_test_api.py writes", _format_api_load)


def _format_api_load(figures: Mapping[str, Any]) -> str:
    rows = [
        [
            f"{load['num_clients']}",
            f"{load['answers_per_s']:,.0f}",
            *(f"{load['latency_ms'][name]:.1f} ms" for name in ("p50", "p95", "p99")),
            f"{sum(load['errors'].values()):,}",
        ]
        for load in figures["loads"]
    ]
    return (
        f"`{figures['model']}`, one review a request, {figures['seconds']:g} s for each number of clients, on the same "
        f"{figures['machine']['num_cores']} cores as the server, from [`results/api_load.json`](api_load.json):\n\n"
        f"{format_table(['clients', 'reviews/s', 'half within', '95 % within', '99 % within', 'errors'], rows)}"
    )
