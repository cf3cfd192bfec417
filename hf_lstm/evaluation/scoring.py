"""Scores a model on a split, and computes all figures of a report."""

import dataclasses
import hashlib
import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from hf_lstm.config import ModelConfig
from hf_lstm.data.encoded import LabeledTexts, encode_split
from hf_lstm.data.row_checks import find_odd_rows
from hf_lstm.encoding.scripts import measure_unknown, warn_of_unknown
from hf_lstm.evaluation.calibration import compute_calibration
from hf_lstm.evaluation.error_analysis import (
    describe_mistakes,
    measure_by_length,
    measure_unseen,
    score_tricky_reviews,
)
from hf_lstm.evaluation.metrics import measure_multi_label, measure_single_label
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.prediction import compute_logits
from hf_lstm.nn.problem import Problem, get_problem
from hf_lstm.records.baseline import BaselineFigures
from hf_lstm.records.report import Analysis, Measurement
from hf_lstm.records.results import EpochFigures, RunResults, SplitFigures
from hf_lstm.records.rows import RowFindings

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ScoredSplit:
    """Holds the rows of a split and the model's logits on them."""

    name: str
    """`train`, `validation` or `test`"""
    rows: Dataset
    """With the column `text`."""
    labels: NDArray[np.int64]
    """As `LabeledTexts` has them."""
    logits: torch.Tensor
    """float32 (num_rows, num_labels)"""
    unknown_tokens: float | None = None
    """The share of tokens that are `<unk>`, 0 to 1; None if nobody counted."""

    def find_right(self, problem: Problem) -> NDArray[np.bool_]:
        """Tell which rows are right, (num_rows,)."""
        is_right: NDArray[np.bool_] = problem.find_right(self.logits, torch.from_numpy(self.labels)).numpy()
        return is_right


def score_split(model: LSTMSentiment, name: str, rows: Dataset, dtype: torch.dtype) -> ScoredSplit:
    """Compute the logits of rows with columns `text` and `label`, in `dtype`."""
    encoded = encode_split(rows, model.require_tokenizer(), model.config)
    share = measure_unknown(encoded.texts, model.config.unk_token_id)
    logger.info("%s: %.1f %% of the tokens are unknown to the model", name, 100 * share)
    warn_of_unknown(encoded.texts, model.config.unk_token_id, name)
    return ScoredSplit(name, rows, encoded.labels, compute_logits(model, encoded.texts, dtype=dtype), share)


def evaluate_split(model: LSTMSentiment, split: LabeledTexts, dtype: torch.dtype) -> EpochFigures:
    """Measure the loss and the accuracy of a model on a split, computed in `dtype`."""
    return measure_answers(compute_logits(model, split.texts, dtype=dtype), split.labels, model.problem)


def measure_answers(logits: torch.Tensor, labels: NDArray[np.int64], problem: Problem) -> EpochFigures:
    """Measure the loss and the accuracy of logits (num_rows, num_labels) against labels, as `LabeledTexts` has them."""
    num_right = int(problem.find_right(logits, torch.from_numpy(labels)).sum())
    return EpochFigures(loss=_compute_loss(logits, labels, problem), accuracy=num_right / len(labels))


def measure_logits(logits: torch.Tensor, labels: NDArray[np.int64], config: ModelConfig) -> SplitFigures:
    """Measure logits (num_rows, num_labels) against labels, as `LabeledTexts` has them."""
    problem = get_problem(config)
    decided = problem.decide(logits).numpy()
    measure = measure_multi_label if config.is_multi_label else measure_single_label
    calibrated = logits / config.temperature
    return SplitFigures(
        loss=_compute_loss(logits, labels, problem),
        expected_calibration_error=_compute_calibration_error(logits, labels, problem),
        calibrated_loss=_compute_loss(calibrated, labels, problem),
        calibrated_expected_calibration_error=_compute_calibration_error(calibrated, labels, problem),
        **measure(decided, labels, config),
    )


def measure_scored(split: ScoredSplit, config: ModelConfig) -> SplitFigures:
    """Measure a scored split, its unknown tokens included."""
    figures = measure_logits(split.logits, split.labels, config)
    return dataclasses.replace(figures, unknown_tokens=split.unknown_tokens)


def measure_split(
    model: LSTMSentiment,
    split: ScoredSplit,
    *,
    title: str,
    source: str,
    precision: str,
    is_own_data: bool,
    results: RunResults | None,
) -> Measurement:
    """Measure a model on a scored split.

    Args:
        model: whose logits the split has.
        split: what was measured.
        title: what to call the model.
        source: the data set's name.
        precision: the number format that the logits were computed in.
        is_own_data: whether the model was trained on the same data set, cut as here.
        results: of the run that made the model; None if they are not at hand.
    """
    temperatures, problem = {"raw": 1.0, "calibrated": model.config.temperature}, model.problem
    split_sha256 = hash_split(split)
    # Those of the run are of all its splits: what is odd about train harms the figures of test, too.
    of_run = results.dataset.findings if results and is_own_data else RowFindings()
    return Measurement(
        model=title,
        num_parameters=model.num_parameters,
        dataset=source,
        split=split.name,
        split_sha256=split_sha256,
        device=str(model.device),
        precision=precision,
        temperature=model.config.temperature,
        max_length_tokens=model.config.max_length_tokens,
        metrics=measure_scored(split, model.config),
        calibration={
            name: compute_calibration(problem.normalize(split.logits / temperature).numpy(), split.labels)
            for name, temperature in temperatures.items()
        },
        epochs=results.epochs if results else [],
        best_epoch=results.best_epoch if results else None,
        elapsed_s=results.elapsed_s if results else None,
        is_own_data=is_own_data,
        findings=of_run if of_run.describe() else find_odd_rows({split.name: split.rows}),
        cuts=results.dataset.cuts if results and is_own_data else {},
        baselines=_find_baselines(results, split_sha256) if results else {},
    )


def analyze_split(
    model: LSTMSentiment, split: ScoredSplit, earlier_texts: Mapping[str, AbstractSet[str]] | None, precision: str
) -> Analysis:
    """Analyze a scored split: length, repeated texts, tricky reviews, mistakes.

    Args:
        model: whose logits the split has.
        split: what was measured.
        earlier_texts: the texts of the splits used before, by name. None if they are not at hand, or if the split is
            train.
        precision: the number format to compute in.
    """
    texts: list[str] = split.rows["text"][:]
    is_right = split.find_right(model.problem)
    return Analysis(
        by_length=measure_by_length(texts, is_right),
        unseen=None if earlier_texts is None else measure_unseen(texts, is_right, earlier_texts),
        tricky_reviews=score_tricky_reviews(model, precision),
        mistakes=list(describe_mistakes(model, split.logits, split.labels, texts)),
    )


def _find_baselines(results: RunResults, split_sha256: str) -> dict[str, BaselineFigures]:
    """Find what a run measured of baselines on just these rows, by name."""
    return {
        baseline.name: figures
        for baseline in results.baselines
        for figures in baseline.splits.values()
        if figures.split_sha256 == split_sha256
    }


def _compute_loss(logits: torch.Tensor, labels: NDArray[np.int64], problem: Problem) -> float:
    return problem.sum_loss(logits, torch.from_numpy(labels)).item() / len(labels)


def _compute_calibration_error(logits: torch.Tensor, labels: NDArray[np.int64], problem: Problem) -> float:
    return compute_calibration(problem.normalize(logits).numpy(), labels).expected_calibration_error


def hash_split(split: ScoredSplit) -> str:
    """Hash the rows of a split in their order."""
    digest = hashlib.sha256(split.labels.tobytes())
    for text in split.rows["text"][:]:
        digest.update(hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).digest())
    return digest.hexdigest()
