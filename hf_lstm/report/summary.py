"""Formats the main figures of a report for the terminal."""

from hf_lstm.answers.lines import show_safely
from hf_lstm.markdown import align_table, format_interval, format_percent
from hf_lstm.records.report import Measurement
from hf_lstm.report.page import SCORES, format_scores


def format_summary(report: Measurement) -> str:
    """Format the main figures of a report as aligned lines of plain text."""
    metrics = report.metrics
    names = list(map(show_safely, metrics.confusion_matrix.labels))
    scores = [["", *SCORES, "rows"]]
    for name, label in metrics.select_labels().items():
        scores.append([show_safely(name), *format_scores(label), f"{label.support:,}"])
    for name, average in metrics.averages.items():
        scores.append([name, *format_scores(average), f"{metrics.num_rows:,}"])
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
    matrix = ["", *align_table(confusion)] if metrics.confusion_matrix.fits_page() else []
    selection = metrics.describe_selection("metrics.json")
    return "\n".join([*figures, "", *([selection, ""] if selection else []), *align_table(scores), *matrix])
