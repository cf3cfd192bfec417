"""Reads the figures for the demo from results.json and the report.

Whatever is missing or of another form is left out.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download

from hf_lstm.errors import InputError
from hf_lstm.files import REPORT_FOLDER, read_lines
from hf_lstm.hub.errors import HUB_ERRORS
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.reading import read_record
from hf_lstm.records.report import Mistake
from hf_lstm.records.results import Epoch, RunResults, SplitFigures

ERRORS_FILE = "errors.jsonl"
MAX_MISTAKES = 30
MAX_SHOWN_CHARACTERS = 400
FIGURES = ("precision", "recall", "f1")
CURVES = ("loss", "accuracy")

Table = list[list[Any]]
"""Rows of cells: strings and numbers."""


def read_results(model: LSTMSentiment) -> RunResults | None:
    """Read a model's results, None if there are none.

    It is None, too, if they are not as our runs write them.
    """
    try:
        return model.results
    except InputError:
        return None


def describe_test(test: SplitFigures) -> str:
    """Describe the test figures in a sentence or two of Markdown."""
    low, high = test.accuracy_interval
    return (
        f"It gets **{100 * test.accuracy:.1f}\N{NO-BREAK SPACE}%** of {test.num_rows:,} test texts right "
        f"(95\N{NO-BREAK SPACE}% interval {100 * low:.1f} to {100 * high:.1f}\N{NO-BREAK SPACE}%), and its "
        f"probabilities are off by {100 * test.calibrated_expected_calibration_error:.1f} points on average."
    )


def list_label_figures(test: SplitFigures) -> Table:
    """List name, precision, recall, F1 and number of test texts of each label that `select_labels` selects."""
    return [
        [name, *(round(score, 4) for score in (label.precision, label.recall, label.f1)), label.support]
        for name, label in test.select_labels().items()
    ]


def list_confusions(test: SplitFigures) -> tuple[list[str], Table]:
    """Return the header and the rows of the confusion matrix."""
    names = test.confusion_matrix.labels
    rows: Table = [[name, *counts] for name, counts in zip(names, test.confusion_matrix.rows, strict=False)]
    return ["true label", *(f"answered {name}" for name in names)], rows


def list_curve_points(epochs: Sequence[Epoch]) -> list[dict[str, Any]]:
    """List the points of the learning curves.

    Each has `epoch`, `split` (train or validation), `loss` and `accuracy`.
    """
    return [
        {"epoch": epoch.epoch, "split": split, "loss": figures.loss, "accuracy": figures.accuracy}
        for epoch in epochs
        for split, figures in (("train", epoch.train), ("validation", epoch.validation))
    ]


def fetch_report_folder(model_id: str) -> Path | None:
    """Fetch a model's report, and return its folder.

    It is in the model folder, or fetched from the Hub; None if the Hub has none.

    Args:
        model_id: model folder, or Hub id.
    """
    if Path(model_id).is_dir():
        return Path(model_id) / REPORT_FOLDER
    try:
        return Path(hf_hub_download(model_id, f"{REPORT_FOLDER}/{ERRORS_FILE}")).parent
    except HUB_ERRORS:
        return None


def list_mistakes(report_folder: Path | None) -> Table:
    """List the report's first mistakes.

    Each has label, answer, score, misleading words and the start of the text.
    """
    if report_folder is None or not (report_folder / ERRORS_FILE).is_file():
        return []
    try:
        return [_describe_mistake(line) for line in read_lines(report_folder / ERRORS_FILE)[:MAX_MISTAKES]]
    except (OSError, RecursionError, ValueError):
        return []


def _describe_mistake(line: str) -> list[Any]:
    mistake = read_record(Mistake, json.loads(line), ERRORS_FILE)
    text = " ".join(mistake.text.replace("<br />", " ").split())
    shown = text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"
    words = ", ".join(word.word for word in mistake.words)
    return [mistake.label, mistake.predicted, round(mistake.score, 4), words, shown]
