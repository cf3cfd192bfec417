"""Reads the figures for the demo from results.json and the report.

Whatever is missing or of another form is left out.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from huggingface_hub import hf_hub_download

from hf_lstm.errors import InputError
from hf_lstm.files.names import ERRORS_FILE, REPORT_FOLDER
from hf_lstm.files.reading import read_lines
from hf_lstm.hub.errors import HUB_ERRORS
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.reading import read_record
from hf_lstm.records.report import Mistake
from hf_lstm.records.results import Epoch, RunResults, SplitFigures
from hf_lstm.tokenization.stop_words import says_nothing

MAX_MISTAKES = 30
MAX_SHOWN_CHARACTERS = 400
FIGURES = ("precision", "recall", "F1")
CURVES = ("loss", "accuracy")
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_NUM_TIMED_WORDS, _NUM_TIMES = 200, 8

Table = list[list[Any]]
"""Rows of cells: strings and numbers."""


class Fact(NamedTuple):
    """Holds a figure and what it means."""

    figure: str
    meaning: str


def list_facts(model: LSTMSentiment) -> list[Fact]:
    """List what is to be known of a model at a glance: how often it is right, its size and its time for a text."""
    results = read_results(model)
    test = results.splits.get("test") if results else None
    num_bytes = model.num_parameters * _BYTES[model.config.dtype]
    right = test and Fact(format_share(test.accuracy), f"of {test.num_rows:,} test texts right")
    if test and test.multi_label is not None:
        right = Fact(format_share(test.multi_label.f1), f"F1 of the labels of {test.num_rows:,} test texts")
    return [
        *([right] if right else []),
        Fact(format_bytes(num_bytes), f"of weights, {model.num_parameters:,} parameters"),
        Fact(format_milliseconds(measure_milliseconds(model)), f"for {_NUM_TIMED_WORDS} words on this machine"),
    ]


def measure_milliseconds(model: LSTMSentiment) -> float:
    """Measure how long the model takes for one text of 200 words.

    It is the best of some times, since others may be at work on the machine, too.
    """
    known = sorted(filter(str.isalpha, model.require_tokenizer().get_vocab())) or ["word"]
    text = " ".join([known[0]] * _NUM_TIMED_WORDS)
    times_s = []
    for _ in range(_NUM_TIMES):
        started = time.perf_counter()
        model.predict_proba(text, show_progress=False)
        times_s.append(time.perf_counter() - started)
    return 1000 * min(times_s)


def format_bytes(num_bytes: int) -> str:
    """Format a size as megabytes, or kilobytes where that is more readable, with a no-break space."""
    if num_bytes < 100_000:
        return f"{num_bytes / 1e3:.1f}\N{NO-BREAK SPACE}kB"
    return f"{num_bytes / 1e6:.1f}\N{NO-BREAK SPACE}MB"


def format_milliseconds(milliseconds: float) -> str:
    """Format milliseconds with two digits or more, and a no-break space."""
    return f"{milliseconds:.{1 if milliseconds < 9.95 else 0}f}\N{NO-BREAK SPACE}ms"


def format_share(share: float) -> str:
    """Format a share of one as percent, with a no-break space.

    What is not all of it never reads as 100.0 %.
    """
    return ">99.9\N{NO-BREAK SPACE}%" if 0.9995 <= share < 1 else f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


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
    if test.multi_label is not None:
        return (
            f"Of the labels that it gives, **{format_share(test.multi_label.precision)}** are right, and it finds "
            f"**{format_share(test.multi_label.recall)}** of those of {test.num_rows:,} test texts; "
            f"{format_share(test.accuracy)} of the texts get just their labels. Its probabilities are off by "
            f"{100 * test.calibrated_expected_calibration_error:.1f} points on average."
        )
    return (
        f"It gets **{100 * test.accuracy:.1f}\N{NO-BREAK SPACE}%** of {test.num_rows:,} test texts right "
        f"(95\N{NO-BREAK SPACE}% interval {100 * low:.1f} to {100 * high:.1f}\N{NO-BREAK SPACE}%), and its "
        f"probabilities are off by {100 * test.calibrated_expected_calibration_error:.1f} points on average."
    )


def list_label_figures(test: SplitFigures, shown: Mapping[str, str]) -> Table:
    """List name, precision, recall, F1 and number of test texts of each label that `select_labels` selects.

    `shown` has the names of labels as people read them; the same in what follows.
    """
    return [
        [shown.get(name, name), *(round(score, 4) for score in (row.precision, row.recall, row.f1)), row.support]
        for name, row in test.select_labels().items()
    ]


def list_confusions(test: SplitFigures, shown: Mapping[str, str]) -> tuple[list[str], Table]:
    """Return the header and the rows of the confusion matrix."""
    names = [shown.get(name, name) for name in test.confusion_matrix.labels]
    rows: Table = [[name, *counts] for name, counts in zip(names, test.confusion_matrix.rows, strict=False)]
    return ["true label", *(f"answered “{name}”" for name in names)], rows


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


def list_mistakes(report_folder: Path | None, shown: Mapping[str, str]) -> Table:
    """List the report's first mistakes.

    Each has label, answer, score, misleading words and the start of the text. Words that say nothing are left out.
    """
    if report_folder is None or not (report_folder / ERRORS_FILE).is_file():
        return []
    try:
        return [_describe_mistake(line, shown) for line in read_lines(report_folder / ERRORS_FILE)[:MAX_MISTAKES]]
    except (OSError, RecursionError, ValueError):
        return []


def _describe_mistake(line: str, shown: Mapping[str, str]) -> list[Any]:
    mistake = read_record(Mistake, json.loads(line), ERRORS_FILE)
    text = " ".join(mistake.text.replace("<br />", " ").split())
    start = text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"
    words = ", ".join(word.word for word in mistake.words if not says_nothing(word.word))
    names = [shown.get(name, name) for name in (mistake.label, mistake.predicted)]
    return [*names, round(mistake.score, 4), words, start]
