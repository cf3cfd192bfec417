"""Write what a model of 93 % costs without AMX: the steps of a smaller plan, of `results/plan_avx2/`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_percent, format_table
from tables.measured import format_measured

_HEADER = ("step", "validation", "test", "epochs", "tokens a second", "hours")
_STEPS = (
    ("language model, of all texts", "lm", None),
    ("classifier from it, adversarial", "lm-adversarial", "lm-adversarial-seed0"),
    ("the same again", "lm-adversarial-2", "lm-adversarial-2-seed0"),
    ("the same a third time", "lm-adversarial-2", "lm-adversarial-3-seed1"),
    ("student of it and n-grams", "flagship", "flagship-unedited-seed0"),
)
"""What each is, the file of its estimate, which is that of its settings, and the results of its run."""


def format_plan(root: Path) -> str:
    """Return the table of `root/results/plan_avx2`, and the commands that estimated it.

    Raises:
        InputError: a file is not what `scripts/estimate_training.py` writes, or not a run's results.
    """
    rows, commands, hours = [], [], 0.0
    for what, name, run in _STEPS:
        path = root / "results" / "plan_avx2" / f"{name}.json"
        estimate = format_measured(path, "what scripts/estimate_training.py writes", _read_estimate)
        hours += estimate["estimated_s"] / 3600
        rows.append([what, *_read_accuracies(root, run), *_format_estimate(estimate)])
        commands.append(estimate["command"])
    rows.append(["all", "", "", "", "", f"{hours:.1f}"])
    lines = "\n".join(dict.fromkeys(commands))
    return f"{format_table(_HEADER, rows)}\n\n```bash\n{lines}\n```"


def _read_estimate(estimates: Mapping[str, Any]) -> Mapping[str, Any]:
    (estimate,) = estimates.values()
    return {name: estimate[name] for name in ("num_epochs", "tokens_per_s", "estimated_s", "command")}


def _format_estimate(estimate: Mapping[str, Any]) -> list[str]:
    numbers = (estimate["num_epochs"], estimate["tokens_per_s"])
    return [*(f"{number:,.0f}" for number in numbers), f"{estimate['estimated_s'] / 3600:.1f}"]


def _read_accuracies(root: Path, run: str | None) -> list[str]:
    if run is None:
        return ["", ""]

    def read(results: Mapping[str, Any]) -> list[str]:
        return [format_percent(results["splits"][split]["accuracy"]) for split in ("validation", "test")]

    return format_measured(root / "results" / f"{run}.json", "what scripts/train.py writes", read)
