"""What the demo shows of a model's results.json and report: whatever is missing or of another form is left out."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import hf_hub_download

from hf_lstm.files import REPORT_FOLDER
from hf_lstm.hub.errors import HUB_ERRORS

ERRORS_FILE = "errors.jsonl"
MAX_MISTAKES = 30
MAX_SHOWN_CHARACTERS = 400
FIGURES = ("precision", "recall", "f1")
CURVES = ("loss", "accuracy")

T = TypeVar("T")
Table = list[list[Any]]
"""Rows of cells: strings and numbers."""


def read_or_leave_out(find: Callable[[Mapping[str, Any]], T], results: Mapping[str, Any] | None) -> T | None:
    """Return what `find` makes of results, None where they are missing or not as our runs write them."""
    try:
        return find(results or {})
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def describe_test(results: Mapping[str, Any]) -> str:
    """Return the test figures in a sentence or two of Markdown."""
    test = results["splits"]["test"]
    sentence = f"It gets **{100 * test['accuracy']:.1f}\N{NO-BREAK SPACE}%** of {test['num_rows']:,} test texts right"
    if "accuracy_interval" in test:
        low, high = test["accuracy_interval"]
        sentence += f" (95\N{NO-BREAK SPACE}% interval {100 * low:.1f} to {100 * high:.1f}\N{NO-BREAK SPACE}%)"
    if "calibrated_expected_calibration_error" in test:
        error = test["calibrated_expected_calibration_error"]
        sentence += f", and its probabilities are off by {100 * error:.1f} points on average"
    return f"{sentence}."


def list_label_figures(results: Mapping[str, Any]) -> Table:
    """Return a row for each label: its name, precision, recall, F1, and number of test texts."""
    per_label = results["splits"]["test"]["per_label"]
    return [
        [str(name), *(round(float(label[figure]), 4) for figure in FIGURES), int(label["support"])]
        for name, label in per_label.items()
    ]


def list_confusions(results: Mapping[str, Any]) -> tuple[list[str], Table]:
    """Return the header and the rows of the confusion matrix."""
    confusion = results["splits"]["test"]["confusion_matrix"]
    names = [str(name) for name in confusion["labels"]]
    rows = [[name, *map(int, counts)] for name, counts in zip(names, confusion["rows"], strict=True)]
    return ["true label", *(f"answered {name}" for name in names)], rows


def list_curve_points(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return `epoch`, `split` (train or validation), `loss` and `accuracy` of each point of the learning curves."""
    return [
        {"epoch": int(epoch["epoch"]), "split": split, **{name: float(epoch[split][name]) for name in CURVES}}
        for epoch in results["epochs"]
        for split in ("train", "validation")
    ]


def find_report_folder(model_id: str) -> Path | None:
    """Return the folder of a model's report, on this machine or fetched from the Hub; None if it has none there.

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
    """Return the first of the report's mistakes: label, answer, score, misleading words, start of the text."""
    if report_folder is None or not (report_folder / ERRORS_FILE).is_file():
        return []
    try:
        with (report_folder / ERRORS_FILE).open(encoding="utf-8") as lines:
            return list(_read_mistakes(islice(lines, MAX_MISTAKES)))
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return []


def _read_mistakes(lines: Iterator[str]) -> Iterator[list[Any]]:
    for line in lines:
        mistake = json.loads(line)
        text = " ".join(str(mistake["text"]).replace("<br />", " ").split())
        shown = text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"
        words = ", ".join(str(word["word"]) for word in mistake.get("words", []))
        yield [str(mistake["label"]), str(mistake["predicted"]), round(float(mistake["score"]), 4), words, shown]
