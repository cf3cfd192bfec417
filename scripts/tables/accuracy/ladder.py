"""Write the ladder of accuracy: what each step to the shipped models gave, and what it took."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.markdown import format_percent, format_table
from tables.accuracy.results import describe_device, describe_settings, find_groups, summarize
from tables.measured import format_measured

_HEADER = ("step", "validation", "test", "training, s", "computed with")


def format_ladder(root: Path) -> str:
    """Return the table of our own recipes' runs in `root/results` and of the linear models, the best one last.

    Raises:
        InputError: a file is not what a run or `scripts/measure_baselines.py` writes.
    """
    steps = format_measured(
        root / "results" / "baselines.json", "what scripts/measure_baselines.py writes", _list_baselines
    )
    for group in find_groups(root).values():
        if group.recipe in RECIPES and RECIPES[group.recipe].source == "this package":
            runs = list(group.runs.values())
            row = [
                describe_settings(group, runs[0]),
                *(
                    summarize([100 * run["splits"][name]["accuracy"] for run in runs], 2) + " %"
                    for name in ("validation", "test")
                ),
                summarize([run["elapsed_s"] for run in runs], 0),
                " / ".join(dict.fromkeys(map(describe_device, runs))),
            ]
            steps.append((group.mean_accuracy, row))
    return format_table(_HEADER, [row for _, row in sorted(steps, key=lambda step: step[0])])


def _list_baselines(baselines: Mapping[str, Any]) -> list[tuple[float, list[str]]]:
    place = f"{baselines['machine']['num_cores']} CPU cores"
    steps = []
    for name, figures in baselines["models"].items():
        accuracy = figures["test"]["accuracy"]
        steps.append((100 * accuracy, [name, "", format_percent(accuracy), f"{figures['training_s']:,.0f}", place]))
    return steps
