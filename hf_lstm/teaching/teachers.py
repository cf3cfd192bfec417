"""Has teachers label rows softly: n-grams, cross-fitted, and trained models."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError, abbreviate
from hf_lstm.evaluation.calibration import fit_temperature
from hf_lstm.extras import require_library
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.problem import Problem
from hf_lstm.teaching.ngrams import NgramClassifier, count_ngrams, reads_words

NGRAMS = "ngrams"
"""The teacher that is no saved model."""
NUM_FOLDS = 5
_MAX_CHARACTERS = 50_000_000
"""Of longer training texts together, the n-gram teacher learns from random ones. IMDB has 33 million."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """Holds the texts that a run learns from, and who may not teach which."""

    texts: Sequence[str]
    """The labeled texts."""
    labels: NDArray[np.int64]
    """As `LabeledTexts` has them."""
    groups: NDArray[np.int64]
    """(num_texts,), such that no n-gram teacher labels a row of a group that it has learned from."""
    more_texts: Sequence[str]
    """Texts without labels, and crops."""
    origins: NDArray[np.int64]
    """(num_more_texts,), the labeled text that each is a crop of, or -1."""
    problem: Problem
    """With the labels of the data."""


def check_teacher(name: str) -> None:
    """Check that a teacher can teach, before much is done.

    Raises:
        InputError: what it needs is not installed, or the folder of its model is missing.
    """
    if name == NGRAMS:
        require_library("sklearn")
    else:
        fetch_model_folder(name)


def label_softly(teachers: Sequence[str], lesson: Lesson, votes: Sequence[float] | None = None) -> NDArray[np.float32]:
    """Average the probabilities that teachers give to all texts of a lesson.

    Args:
        teachers: `ngrams`, folders or Hub ids.
        lesson: what they label.
        votes: how much each teacher counts; alike by default.

    Returns:
        float32 (num_texts + num_more_texts, num_labels).

    Raises:
        InputError: a teacher can't be loaded, or has other labels.
    """
    models = {name: _load_teacher(name, lesson.problem.config) for name in teachers if name != NGRAMS}
    answers = []
    for name in teachers:
        if name == NGRAMS:
            answers.append(_ask_ngrams(lesson))
        else:
            logger.info("teacher %s labels the rows", name)
            texts = [*lesson.texts, *lesson.more_texts]
            answers.append(np.asarray(models[name].predict_proba(texts), dtype=np.float32))
    if votes is None:
        average: NDArray[np.float32] = np.mean(answers, axis=0, dtype=np.float32)
        return average
    return np.average(answers, axis=0, weights=votes).astype(np.float32)


def _load_teacher(name: str, wanted: ModelConfig) -> LSTMSentiment:
    model = LSTMSentiment.from_pretrained(name)
    if model.config.label_names != wanted.label_names:
        raise InputError(
            f"train.teachers: {name} has the labels {abbreviate(model.config.label_names)}; expected those of the data "
            f"in their order, {abbreviate(wanted.label_names)}"
        )
    if model.config.is_multi_label != wanted.is_multi_label:
        kinds = (
            ("any number of labels", "one label") if wanted.is_multi_label else ("one label", "any number of labels")
        )
        raise InputError(f"train.teachers: the texts have {kinds[0]} each, and {name} gives {kinds[1]}")
    return model


def _ask_ngrams(lesson: Lesson) -> NDArray[np.float32]:
    """Let n-gram teachers label all texts, none of them a text that it has learned from or a crop of it.

    Logits are divided by the temperature that fits the labels of the texts best.
    """
    num_labels, num_texts = lesson.problem.config.num_labels, len(lesson.texts)
    has_words = reads_words(lesson.texts)
    features = count_ngrams(lesson.texts, num_labels, has_words=has_words)
    more_features = count_ngrams(lesson.more_texts, num_labels, has_words=has_words) if len(lesson.more_texts) else None
    folds = cut_folds(lesson.groups)
    more_folds = np.where(lesson.origins >= 0, folds[lesson.origins] if num_texts else -1, -1)
    is_learned = _pick_rows(lesson.texts)
    logits = np.zeros((num_texts + len(lesson.more_texts), num_labels), dtype=np.float32)
    for fold in range(-1, NUM_FOLDS):  # teacher -1 learns from all, and labels what is of no fold
        is_asked = np.concatenate([folds == fold, more_folds == fold])
        if not is_asked.any():
            continue
        rows = np.flatnonzero(is_learned & (folds != fold))
        if not len(rows):
            logger.warning("n-gram teacher: all rows are of one group or text; it leaves their labels open")
            continue
        teacher = NgramClassifier(lesson.problem).fit(features[rows], lesson.labels[rows])
        logits[:num_texts][folds == fold] = teacher.compute_logits(features[folds == fold])
        if more_features is not None:
            for are_parts in (False, True):
                rows = (more_folds == fold) & ((lesson.origins >= 0) == are_parts)
                logits[num_texts:][rows] = teacher.compute_logits(more_features[rows], are_parts=are_parts)
    answers = torch.from_numpy(logits)
    temperature = fit_temperature(answers[:num_texts], lesson.labels)
    is_right = lesson.problem.find_right(answers[:num_texts], torch.from_numpy(lesson.labels))
    accuracy = is_right.numpy().mean()
    logger.info("n-gram teacher: accuracy %.4f on rows of train that it did not learn from", accuracy)
    return lesson.problem.normalize(answers / temperature).numpy()


def cut_folds(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut rows into folds, at random; rows of a group (num_rows,) are in one.

    Returns the fold of each row, 0 to `NUM_FOLDS` - 1.
    """
    names, group_of_row = np.unique(groups, return_inverse=True)
    fold_of_group = np.empty(len(names), dtype=np.int64)
    fold_of_group[np.random.RandomState(0).permutation(len(names))] = np.arange(len(names)) % NUM_FOLDS
    folds: NDArray[np.int64] = fold_of_group[group_of_row]
    return folds


def _pick_rows(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Pick the rows to learn from: all, or random ones of `_MAX_CHARACTERS` together."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    order = np.random.RandomState(0).permutation(len(texts))
    is_picked = np.zeros(len(texts), dtype=bool)
    is_picked[order[lengths[order].cumsum() <= _MAX_CHARACTERS]] = True
    return is_picked
