"""Measures what a linear model gets on the rows of a run, beside the model that was trained."""

import logging
import time
from collections.abc import Sequence
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from hf_lstm.evaluation.metrics import compute_lead_interval, compute_wilson_interval
from hf_lstm.evaluation.scoring import ScoredSplit, hash_split
from hf_lstm.evaluation.tfidf import Classifier, TfidfClassifier, choose_settings
from hf_lstm.extras import is_installed, name_install_command
from hf_lstm.nn.problem import Problem
from hf_lstm.records.baseline import BaselineFacts, BaselineFigures

TFIDF_BASELINE = "TF-IDF + logistic regression"
MAX_TRAIN_CHARACTERS = 50_000_000
"""Of longer training texts together, random rows are taken. IMDB has 33 million."""
MAX_TEXT_CHARACTERS = 100_000
"""The rest of a longer text is not read."""
_NUM_ROWS_AT_ONCE = 10_000
"""N-grams of more texts are not held in memory."""

logger = logging.getLogger(__name__)


def measure_tfidf(
    train: ScoredSplit, others: Sequence[ScoredSplit], problem: Problem, class_weights: str | None = None
) -> BaselineFacts | None:
    """Fit TF-IDF + logistic regression on a run's rows of train, and measure it on other splits.

    None, with a line in the log, if scikit-learn is not installed, or if it can't be fitted.

    Args:
        train: what the model learned from.
        others: validation and test, with the model's answers.
        problem: what these mean.
        class_weights: how much the rows of each label count, as in `TrainConfig`.
    """
    if not is_installed("sklearn"):
        logger.info("no baseline: it needs scikit-learn; run %s", name_install_command("sklearn"))
        return None
    try:
        rows = pick_rows(train.rows["text"][:])
        texts = [train.rows[row]["text"] for row in rows] if len(rows) < len(train.labels) else train.rows["text"][:]
        classifier = TfidfClassifier(choose_settings(texts, train.logits.shape[1], class_weights))
        return measure_classifier(TFIDF_BASELINE, classifier, texts, train.labels[rows], others, problem)
    except Exception as error:  # whatever it is: a comparison must not cost the run
        logger.warning("no baseline: %s can't be fitted to these rows (%s)", TFIDF_BASELINE, str(error).split("\n")[0])
        return None


def pick_rows(texts: Sequence[str]) -> NDArray[np.int64]:
    """Pick the rows of train to learn from, in their order.

    They are all, or random ones with `MAX_TRAIN_CHARACTERS` together.
    """
    lengths = np.array([min(len(text), MAX_TEXT_CHARACTERS) for text in texts], dtype=np.int64)
    if lengths.sum() <= MAX_TRAIN_CHARACTERS:
        return np.arange(len(texts))
    order = np.random.RandomState(0).permutation(len(texts))  # of its own: no other draw changes
    picked: NDArray[np.int64] = np.sort(order[lengths[order].cumsum() <= MAX_TRAIN_CHARACTERS])
    logger.info("baseline: learns from %s of %s rows of train, to end soon", f"{len(picked):,}", f"{len(texts):,}")
    return picked


def measure_classifier(
    name: str,
    classifier: Classifier,
    texts: Sequence[str],
    labels: NDArray[np.int64],
    others: Sequence[ScoredSplit],
    problem: Problem,
    *,
    library: str = "scikit-learn",
) -> BaselineFacts:
    """Fit a classifier, and measure it beside the model.

    Args:
        name: what to call it.
        classifier: is fitted here.
        texts: to learn from.
        labels: as `LabeledTexts` has them.
        others: what to measure it on, with the model's answers.
        problem: what these mean.
        library: the package that it is made with.
    """
    started = time.perf_counter()
    classifier.fit([text[:MAX_TEXT_CHARACTERS] for text in texts], labels)
    figures = {split.name: _compare(split, _predict(classifier, split), problem) for split in others}
    return BaselineFacts(
        name=name,
        library=f"{library} {metadata.version(library)}",
        settings={setting: str(value) for setting, value in classifier.settings.items()},
        num_train_rows=len(texts),
        num_features=classifier.num_features,
        elapsed_s=time.perf_counter() - started,
        splits=figures,
    )


def _predict(classifier: Classifier, split: ScoredSplit) -> NDArray[np.int64]:
    answers = []
    for start in range(0, len(split.labels), _NUM_ROWS_AT_ONCE):
        texts = split.rows[start : start + _NUM_ROWS_AT_ONCE]["text"]
        answers.append(classifier.predict([text[:MAX_TEXT_CHARACTERS] for text in texts]))
    return np.concatenate(answers)


def _compare(split: ScoredSplit, answers: NDArray[np.int64], problem: Problem) -> BaselineFigures:
    """Count on which rows the model and a baseline are right."""
    num_rows = len(split.labels)
    model_right = split.find_right(problem)
    baseline_right = answers == split.labels
    if baseline_right.ndim == 2:
        baseline_right = baseline_right.all(axis=1)
    only_model, only_baseline = (int((model_right & ~baseline_right).sum()), int((baseline_right & ~model_right).sum()))
    num_right = int(baseline_right.sum())
    return BaselineFigures(
        split_sha256=hash_split(split),
        num_rows=num_rows,
        accuracy=num_right / num_rows,
        accuracy_interval=compute_wilson_interval(num_right, num_rows),
        only_model_right=only_model,
        only_baseline_right=only_baseline,
        lead=(only_model - only_baseline) / num_rows,
        lead_interval=compute_lead_interval(only_model, only_baseline, num_rows),
    )
