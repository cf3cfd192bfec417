"""Write the table of the linear classifiers, of `results/baselines.json` and `results/benchmark.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarking.sections.text_to_label import FASTTEXT
from hf_lstm.markdown import format_interval, format_percent, format_table
from tables.measured import format_measured, read_benchmark

_HEADER = ("model", "test accuracy", "95 % interval", "features", "settings")


def format_baselines(root: Path) -> str:
    """Return the command and the table of `root/results/baselines.json`, and fastText's accuracy in the benchmark.

    Raises:
        InputError: a file is not what the script writes.
    """
    table = format_measured(
        root / "results" / "baselines.json", "what scripts/measure_baselines.py writes", _format_baselines
    )
    return f"{table}\n\n{read_benchmark(root, _format_fasttext)}"


def _format_baselines(baselines: Mapping[str, Any]) -> str:
    rows = [_format_row(name, figures) for name, figures in baselines["models"].items()]
    (num_rows,) = {figures["test"]["num_rows"] for figures in baselines["models"].values()}
    return (
        f"```bash\n{baselines['command']}\n```\n\nOn the {num_rows:,} official test reviews, from "
        f"[`results/baselines.json`](baselines.json), with scikit-learn "
        f"{baselines['machine']['versions']['scikit-learn']}:\n\n{format_table(_HEADER, rows)}"
    )


def _format_row(name: str, figures: Mapping[str, Any]) -> list[str]:
    settings = ", ".join(f"`{setting}={value!r}`" for setting, value in figures["settings"].items())
    return [
        name,
        f"**{format_percent(figures['test']['accuracy'])}**",
        format_interval(figures["test"]["accuracy_interval"]),
        f"{figures['num_features']:,}",
        settings.replace("|", "\\|"),
    ]


def _format_fasttext(benchmark: Mapping[str, Any]) -> str:
    accuracy = benchmark["sections"]["text-to-label"]["contenders"][FASTTEXT]["facts"]["test_accuracy"]
    return (
        f"fastText with pairs of words is trained by the benchmark: {format_percent(accuracy)}, from "
        "[`results/benchmark.json`](benchmark.json)."
    )
