"""Writes the report of a model on a split: figures as JSON, a page with plots, and the most confident mistakes."""

import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from hf_lstm.data.texts import write_rows
from hf_lstm.evaluation.scoring import ScoredSplit, analyze_split, measure_split
from hf_lstm.files import write_file, write_json
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.report.page import format_page
from hf_lstm.report.plots import (
    NO_PLOTS,
    can_draw,
    draw_accuracy_by_length,
    draw_confusion_matrix,
    draw_learning_curves,
    draw_reliability,
    save_figure,
)

logger = logging.getLogger(__name__)

_PLOTS = ("confusion_matrix", "reliability", "accuracy_by_length", "learning_curves")
ERROR_COLUMNS = ("row", "label", "predicted", "score", "words", "text")


def report_run(model: LSTMSentiment, test: ScoredSplit, seen: Mapping[str, AbstractSet[str]], folder: Path) -> None:
    """Write the report of a run that has just been measured, `model.results`, into a new folder below the run's.

    `seen` has the texts of train and validation, by these names.
    """
    assert model.results is not None
    source, precision = model.results["dataset"]["source"], model.results["measured_in"]
    figures = measure_split(model, test, folder.resolve().parent.name, source, precision)
    folder.mkdir()
    details = analyze_split(model, test, seen, precision)
    write_report(folder, {**figures, "is_own_data": True, **details})
    if not can_draw():
        logger.info(NO_PLOTS)


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """Write `report.md`, `metrics.json`, `errors.jsonl` and, where matplotlib is installed, the plots into a folder.

    Args:
        folder: exists; what an earlier report wrote there is replaced.
        report: what `measure_split` and `analyze_split` return, in one, and `is_own_data`: whether the model was
            trained on the same data set.
    """
    has_plots = can_draw()
    for plot in folder.glob("*.png"):
        if plot.stem in _PLOTS:
            plot.unlink()  # not all are drawn of every model
    if has_plots:
        _draw_plots(folder, report)
    write_file(folder / "report.md", format_page(report, has_plots=has_plots).encode())
    errors = [error for pair in report["mistakes"] for error in pair["most_confident"]]
    write_rows(folder / "errors.jsonl", sorted(errors, key=lambda error: -error["score"]), ERROR_COLUMNS)
    mistakes = [{name: pair[name] for name in ("label", "predicted", "num_rows")} for pair in report["mistakes"]]
    write_json(folder / "metrics.json", {**report, "mistakes": mistakes})


def _draw_plots(folder: Path, report: Mapping[str, Any]) -> None:
    save_figure(draw_confusion_matrix(report["metrics"]), folder / "confusion_matrix.png")
    shown = {"logits as they are": report["calibration"]["raw"]}
    if report["temperature"] != 1:
        shown[f"temperature {report['temperature']:.2f}"] = report["calibration"]["calibrated"]
    save_figure(draw_reliability(shown), folder / "reliability.png")
    figure = draw_accuracy_by_length(report["by_length"], report["metrics"]["accuracy"])
    save_figure(figure, folder / "accuracy_by_length.png")
    if report["epochs"]:
        save_figure(draw_learning_curves(report["epochs"], report["best_epoch"]), folder / "learning_curves.png")
