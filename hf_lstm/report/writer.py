"""Writes the report of a model on a split.

A report is a page with plots, the figures as JSON, and the most confident mistakes.
"""

import dataclasses
import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from hf_lstm.evaluation.scoring import ScoredSplit, analyze_split, measure_split
from hf_lstm.files.names import ERRORS_FILE, MISTAKES_FILE, PLOT_FILES, REPORT_METRICS, REPORT_PAGE
from hf_lstm.files.partial_files import write_json_lines
from hf_lstm.files.writing import encode_text, write_file, write_json
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.reading import to_json
from hf_lstm.records.report import Analysis, Measurement
from hf_lstm.records.results import RunResults
from hf_lstm.report.mistakes import format_mistakes
from hf_lstm.report.page import format_page, join_sections
from hf_lstm.report.plots.accuracy_by_length import draw_accuracy_by_length
from hf_lstm.report.plots.canvas import NO_PLOTS, can_draw, save_figure
from hf_lstm.report.plots.confusion_matrix import draw_confusion_matrix
from hf_lstm.report.plots.learning_curves import draw_learning_curves
from hf_lstm.report.plots.reliability import draw_reliability

logger = logging.getLogger(__name__)


def report_run(
    model: LSTMSentiment,
    results: RunResults,
    test: ScoredSplit,
    earlier_texts: Mapping[str, AbstractSet[str]],
    folder: Path,
    *,
    title: str,
) -> None:
    """Write the report of a run that was just measured.

    Args:
        model: the model that the run saved.
        results: of the run.
        test: the scored test split.
        earlier_texts: the texts of train and of validation, by these names.
        folder: to make.
        title: names the run.
    """
    measurement = measure_split(
        model,
        test,
        title=title,
        source=results.dataset.source,
        precision=results.measured_in,
        is_own_data=True,
        results=results,
    )
    folder.mkdir()
    write_report(folder, measurement, analyze_split(model, test, earlier_texts, results.measured_in))
    if not can_draw():
        logger.info(NO_PLOTS)


def write_report(folder: Path, measurement: Measurement, analysis: Analysis) -> None:
    """Write `report.md`, `metrics.json`, `mistakes.md`, `errors.jsonl` and the plots into a folder.

    Texts of the data are in `mistakes.md` and `errors.jsonl` alone.

    The plots need matplotlib, and are left out without it.

    Args:
        folder: exists. Files of an earlier report are replaced.
        measurement: the figures.
        analysis: what `analyze_split` found.
    """
    has_plots = can_draw()
    for name in PLOT_FILES:
        (folder / name).unlink(missing_ok=True)  # not all are drawn of every model
    if has_plots:
        _draw_plots(folder, measurement, analysis)
    write_file(folder / REPORT_PAGE, encode_text(format_page(measurement, analysis, has_plots=has_plots)))
    names = measurement.metrics.confusion_matrix.labels
    write_file(folder / MISTAKES_FILE, join_sections(format_mistakes(analysis.mistakes, names)).encode())
    mistakes = [mistake for pair in analysis.mistakes for mistake in pair.most_confident]
    mistakes.sort(key=lambda mistake: -mistake.score)
    write_json_lines(folder / ERRORS_FILE, map(to_json, mistakes))
    counted = [dataclasses.replace(pair, most_confident=[]) for pair in analysis.mistakes]
    figures = {**to_json(measurement), **to_json(dataclasses.replace(analysis, mistakes=counted))}
    write_json(folder / REPORT_METRICS, figures)


def _draw_plots(folder: Path, measurement: Measurement, analysis: Analysis) -> None:
    if measurement.metrics.confusion_matrix.rows:
        save_figure(draw_confusion_matrix(measurement.metrics), folder / "confusion_matrix.png")
    shown = {"logits as they are": measurement.calibration["raw"]}
    if measurement.temperature != 1:
        shown[f"temperature {measurement.temperature:.2f}"] = measurement.calibration["calibrated"]
    of_each_label = measurement.metrics.multi_label is not None
    save_figure(draw_reliability(shown, of_each_label=of_each_label), folder / "reliability.png")
    figure = draw_accuracy_by_length(analysis.by_length, measurement.metrics.accuracy)
    save_figure(figure, folder / "accuracy_by_length.png")
    if measurement.epochs and measurement.best_epoch is not None:
        save_figure(draw_learning_curves(measurement.epochs, measurement.best_epoch), folder / "learning_curves.png")
