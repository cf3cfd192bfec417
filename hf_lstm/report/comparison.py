"""Compares several models in one table and one plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.files.writing import encode_text, write_file, write_json
from hf_lstm.markdown import format_cell, format_duration, format_interval, format_percent, format_table
from hf_lstm.records.reading import to_json
from hf_lstm.records.report import Measurement
from hf_lstm.report.plots.canvas import can_draw, save_figure
from hf_lstm.report.plots.comparison import draw_comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPARISON_FILES = ("comparison.md", "comparison.json", "comparison.png")
_HEADER = (
    "model", "rows", "accuracy", "95 % interval", "macro F1", "loss", "calibrated loss", "calibration error",
    "calibrated", "parameters", "training took",
)  # fmt: skip


def format_comparison(reports: Sequence[Measurement]) -> str:
    """Format a Markdown table of several models.

    Models that were measured on other rows than the first are marked. Their figures can't be compared, for example if a
    recipe cuts its own test split.
    """
    other_rows = [report for report in reports if not has_same_rows(report, reports[0])]
    table = format_table(_HEADER, [_format_row(report, report in other_rows) for report in reports])
    notes = [f"All were measured on the same {reports[0].metrics.num_rows:,} rows."]
    if other_rows:
        first = format_cell(reports[0].model)
        notes = [f"\\* Measured on other rows than {first}, so not comparable: {_list_names(other_rows)}."]
    foreign = [report for report in reports if not report.is_own_data]
    if foreign:
        what = "Not of the data set they were trained on, so not known whether train has some of these rows"
        notes.append(f"{what}: {_list_names(foreign)}.")
    return "\n\n".join([table, *notes])


def has_same_rows(report: Measurement, other: Measurement) -> bool:
    """Return whether two reports have the same rows in the same order."""
    return report.split_sha256 == other.split_sha256


def write_comparison(folder: Path, reports: Sequence[Measurement]) -> None:
    """Write `comparison.md`, `comparison.json` and `comparison.png` into a folder.

    The plot needs matplotlib, and is left out without it.
    """
    page = ["# Comparison", format_comparison(reports)]
    if can_draw():
        save_figure(_draw(reports), folder / "comparison.png")
        page.append("![Accuracy with 95 % intervals, and validation accuracy by epoch](comparison.png)")
    write_file(folder / "comparison.md", encode_text("\n\n".join(page) + "\n"))
    runs = [{**to_json(report), "has_rows_of_first": has_same_rows(report, reports[0])} for report in reports]
    write_json(folder / "comparison.json", {"models": runs})


def _list_names(reports: Sequence[Measurement]) -> str:
    return ", ".join(format_cell(report.model) for report in reports)


def _draw(reports: Sequence[Measurement]) -> "Figure":
    names = [f"{report.model}{'' if has_same_rows(report, reports[0]) else ' *'}" for report in reports]
    return draw_comparison(names, reports)


def _format_row(report: Measurement, has_other_rows: bool) -> list[str]:
    metrics, elapsed_s = report.metrics, report.elapsed_s
    return [
        format_cell(report.model) + (" \\*" if has_other_rows else ""),
        f"{metrics.num_rows:,}",
        format_percent(metrics.accuracy),
        format_interval(metrics.accuracy_interval),
        f"{metrics.f1:.4f}",
        f"{metrics.loss:.4f}",
        f"{metrics.calibrated_loss:.4f}",
        format_percent(metrics.expected_calibration_error),
        format_percent(metrics.calibrated_expected_calibration_error),
        f"{report.num_parameters:,}",
        "" if elapsed_s is None else format_duration(elapsed_s),
    ]
