"""Formats the main figures of a report for the terminal."""

from collections.abc import Sequence

from hf_lstm.markdown import format_interval, format_percent
from hf_lstm.records.report import Measurement
from hf_lstm.report.page import SCORES, format_scores


def format_summary(report: Measurement) -> str:
    """Format the main figures of a report as aligned lines of plain text."""
    metrics = report.metrics
    names = metrics.confusion_matrix.labels
    scores = [["", *SCORES, "rows"]]
    for name, label in metrics.select_labels().items():
        scores.append([name, *format_scores(label), f"{label.support:,}"])
    scores.append(["mean of labels", *format_scores(metrics), f"{metrics.num_rows:,}"])
    confusion = [["true \\ predicted", *names]]
    for name, row in zip(names, metrics.confusion_matrix.rows, strict=False):  # none of very many labels
        confusion.append([name, *(f"{count:,}" for count in row)])
    interval = format_interval(metrics.accuracy_interval)
    figures = [
        f"accuracy           {format_percent(metrics.accuracy)}, 95 % interval {interval}",
        f"loss               {metrics.loss:.4f}, calibrated {metrics.calibrated_loss:.4f}",
        f"calibration error  {format_percent(metrics.expected_calibration_error)}, with the temperature "
        f"{report.temperature:.3f} {format_percent(metrics.calibrated_expected_calibration_error)}",
    ]
    figures += [
        f"baseline           {name} {format_percent(baseline.accuracy)}; {baseline.describe_lead('it')}"
        for name, baseline in report.baselines.items()
    ]
    matrix = ["", *_align(confusion)] if metrics.confusion_matrix.fits_page() else []
    selection = metrics.describe_selection("metrics.json")
    return "\n".join([*figures, "", *([selection, ""] if selection else []), *_align(scores), *matrix])


def _align(table: Sequence[Sequence[str]]) -> list[str]:
    """Align a table as text: its first column to the left, others to the right."""
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    aligned = [[cell.rjust(width) for cell in column] for column, width in zip(columns, widths, strict=True)]
    aligned[0] = [cell.ljust(widths[0]) for cell in columns[0]]
    return ["  ".join(row).rstrip() for row in zip(*aligned, strict=True)]
