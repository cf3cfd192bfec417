"""The report of a model on a split: all figures as JSON, a page with plots, and the most confident mistakes."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from hf_lstm.batching import encode_split
from hf_lstm.calibration import compute_calibration, compute_probabilities
from hf_lstm.error_analysis import (
    find_driving_words,
    group_mistakes,
    measure_by_length,
    measure_unseen,
    score_tricky_reviews,
)
from hf_lstm.errors import InputError
from hf_lstm.evaluation import measure_logits
from hf_lstm.model_files import write_file, write_json
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.plots import (
    NO_PLOTS,
    can_draw,
    draw_accuracy_by_length,
    draw_confusion_matrix,
    draw_learning_curves,
    draw_reliability,
    save_figure,
)
from hf_lstm.prediction import compute_logits
from hf_lstm.report_page import format_page
from hf_lstm.text_files import write_rows

logger = logging.getLogger(__name__)

MAX_PAIRS = 10
"""Of labels mistaken for one another, of which the mistakes are shown."""
MAX_MISTAKES_PER_PAIR = 10
_PLOTS = ("confusion_matrix", "reliability", "accuracy_by_length", "learning_curves")
_CURVES = ("train", "validation")
ERROR_COLUMNS = ("row", "label", "predicted", "score", "words", "text")


@dataclass(frozen=True)
class ScoredSplit:
    """The rows of a split and the model's answers to them: computed once, and all that a report is made of."""

    name: str
    """`train`, `validation` or `test`"""
    rows: Dataset
    """With the column `text`."""
    labels: NDArray[np.int64]
    """(num_rows,)"""
    logits: torch.Tensor
    """float32 (num_rows, num_labels)"""


def score_split(model: LSTMSentiment, name: str, rows: Dataset, dtype: torch.dtype) -> ScoredSplit:
    """Return the rows, with columns `text` and `label`, and the model's logits on them, computed in `dtype`."""
    assert model.tokenizer is not None
    encoded = encode_split(rows, model.tokenizer, model.config)
    return ScoredSplit(name, rows, encoded.labels, compute_logits(model, encoded.texts, dtype=dtype))


def measure_split(model: LSTMSentiment, split: ScoredSplit, title: str, source: str, precision: str) -> dict[str, Any]:
    """Return the figures of a split and what they were measured of: the part of a report that needs no texts read.

    Args:
        model: whose logits the split has.
        split: what was measured.
        title: the model's name for people.
        source: the data set's name.
        precision: what the logits were computed in.

    Raises:
        InputError: the model's results.json is not what a run writes.
    """
    results = model.results or {}
    _check_epochs(results)
    return {
        "model": title,
        "num_parameters": model.num_parameters,
        "dataset": source,
        "split": split.name,
        "rows_sha256": _hash_rows(split),
        "device": str(model.embedding.weight.device),
        "precision": precision,
        "temperature": model.config.temperature,
        "max_length_tokens": model.config.max_length_tokens,
        "metrics": measure_logits(split.logits, split.labels, model.config),
        "calibration": {
            name: compute_calibration(compute_probabilities(split.logits, temperature), split.labels)
            for name, temperature in (("raw", 1.0), ("calibrated", model.config.temperature))
        },
        "epochs": results.get("epochs", []),
        "best_epoch": results.get("best_epoch"),
        "elapsed_s": results.get("elapsed_s"),
    }


def analyze_split(
    model: LSTMSentiment, split: ScoredSplit, seen: Mapping[str, AbstractSet[str]] | None, precision: str
) -> dict[str, Any]:
    """Return what the texts tell of the figures: length, rows that earlier splits have too, tricky reviews, mistakes.

    Args:
        model: whose logits the split has.
        split: what was measured.
        seen: the texts of the splits used before, by name; None if they are not at hand, or the split is train itself.
        precision: what to compute in.
    """
    texts: list[str] = split.rows["text"][:]
    is_right = split.logits.argmax(dim=1).numpy() == split.labels
    return {
        "by_length": measure_by_length(texts, is_right),
        "unseen": None if seen is None else measure_unseen(texts, is_right, seen),
        "tricky_reviews": score_tricky_reviews(model, precision),
        "mistakes": list(_describe_mistakes(model, split, texts)),
    }


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


def _check_epochs(results: Mapping[str, Any]) -> None:
    """Refuse a results.json of somebody else's making: its epochs are drawn and listed."""
    try:
        for record in results.get("epochs", []):
            numbers = [record["epoch"], *(record[part][name] for part in _CURVES for name in ("loss", "accuracy"))]
            if not all(isinstance(number, int | float) for number in numbers):
                raise TypeError(f"{numbers} are not numbers")
    except (KeyError, TypeError) as error:
        raise InputError(
            f"the model's results.json is not from a run of hf_lstm: epochs: {error!r}; remove the file"
        ) from None


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


def _describe_mistakes(model: LSTMSentiment, split: ScoredSplit, texts: list[str]) -> Iterator[dict[str, Any]]:
    names = model.config.id2label or {}
    probabilities = compute_probabilities(split.logits, model.config.temperature)
    for pair in group_mistakes(probabilities, split.labels)[:MAX_PAIRS]:
        label, predicted = names[pair.label_id], names[pair.predicted_id]
        yield {
            "label": label,
            "predicted": predicted,
            "num_rows": len(pair.rows),
            "most_confident": [
                {
                    "row": row,
                    "label": label,
                    "predicted": predicted,
                    "score": round(float(probabilities[row, pair.predicted_id]), 6),
                    "words": find_driving_words(model, texts[row], predicted),
                    "text": texts[row],
                }
                for row in pair.rows[:MAX_MISTAKES_PER_PAIR].tolist()
            ],
        }


def _hash_rows(split: ScoredSplit) -> str:
    """Return by what two measurements can be told to be of the same rows in the same order."""
    digest = hashlib.sha256(split.labels.tobytes())
    for text in split.rows["text"][:]:
        digest.update(hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).digest())
    return digest.hexdigest()
