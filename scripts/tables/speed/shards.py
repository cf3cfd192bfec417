"""Write the table of what `train.num_shards` costs, of `results/shards.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_table
from tables.measured import format_measured

_HEADER = ("recipe", "threads", "shards", "time of a step, by that without shards", "range", "a step without")
_COMMAND = "python scripts/measure_shards.py --output results/shards.json"


def format_shards(root: Path) -> str:
    """Return the table of `root/results/shards.json`, or how it is written, if it was not measured yet.

    Raises:
        InputError: the file is not what `scripts/measure_shards.py` writes.
    """
    path = root / "results" / "shards.json"
    if not path.is_file():
        return f"`{_COMMAND}` measures it; it was not run here yet."
    return format_measured(path, "what scripts/measure_shards.py writes", _format_recipes)


def _format_recipes(figures: Mapping[str, Any]) -> str:
    rows = [
        [
            f"`{name}`",
            str(way["threads"]),
            str(way["shards"]),
            f"{way['ratio']:.2f} x",
            f"{way['lowest']:.2f} to {way['highest']:.2f}",
            f"{1000 * way['step_s_without']:.0f} ms, {way['precision']}",
        ]
        for name, ways in figures["recipes"].items()
        for way in ways
    ]
    return f"{format_table(_HEADER, rows)}\n\n```bash\n{figures['command']}\n```"
