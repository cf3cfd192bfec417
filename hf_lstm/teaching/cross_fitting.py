"""Has n-grams label the texts that they learn from: each by a model that has not seen it, nor a part of it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.evaluation.calibration import fit_temperature
from hf_lstm.evaluation.tfidf import has_spaced_words
from hf_lstm.nn.problem import Problem
from hf_lstm.teaching.ngrams import NgramClassifier, count_ngrams

NUM_FOLDS = 5
_MAX_CHARACTERS, _MAX_MORE_CHARACTERS = 50_000_000, 100_000_000
"""Of longer texts together, with labels and without, the n-gram teacher learns from random ones. IMDB has 33 and 67
million."""

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
    """Texts without labels, and parts of these and of the labeled ones."""
    origins: NDArray[np.int64]
    """(num_more_texts,), the row of `texts`, or after these of `more_texts`, that each is a part of; -1 for a whole."""
    problem: Problem
    """With the labels of the data."""


def label_by_ngrams(lesson: Lesson, said: NDArray[np.float64] | None) -> NDArray[np.float32]:
    """Let n-gram teachers label all texts, none of them a text that it has learned from or a part of it.

    Logits are divided by the temperature that fits the labels of the texts best.

    Args:
        lesson: with the labels to learn from.
        said: (num_texts + num_more_texts, num_labels), what other teachers say; of texts without labels it is learned.

    Returns:
        float32 (num_texts + num_more_texts, num_labels), probabilities.
    """
    problem, num_texts = lesson.problem, len(lesson.texts)
    texts = [*lesson.texts, *lesson.more_texts]
    features = count_ngrams(texts, problem.config.num_labels, has_words=has_spaced_words(lesson.texts))
    is_part = np.concatenate([np.zeros(num_texts, dtype=bool), lesson.origins >= 0])
    folds = _cut_lesson(lesson, with_unlabeled=said is not None)
    is_learned = np.zeros(len(texts), dtype=bool)
    is_learned[:num_texts] = _pick_rows(lesson.texts, _MAX_CHARACTERS)
    targets: NDArray[np.int64] | NDArray[np.float32] = lesson.labels
    if said is not None:
        targets = np.concatenate([problem.soften(lesson.labels), said[num_texts:].astype(np.float32)])
        is_learned[num_texts:] = ~is_part[num_texts:] & _pick_rows(lesson.more_texts, _MAX_MORE_CHARACTERS)
    logits = np.zeros((len(texts), problem.config.num_labels), dtype=np.float32)
    for fold in range(-1, NUM_FOLDS):  # teacher -1 learns from all, and labels what is of no fold
        if not (folds == fold).any():
            continue
        rows = np.flatnonzero(is_learned & (folds != fold))
        if not len(rows):
            logger.warning("n-gram teacher: all rows are of one group or text; it leaves their labels open")
            continue
        teacher = NgramClassifier(problem).fit(features[rows], targets[rows])
        for are_parts in (False, True):
            asked = np.flatnonzero((folds == fold) & (is_part == are_parts))
            logits[asked] = teacher.compute_logits(features[asked], are_parts=are_parts)
    answers = torch.from_numpy(logits)
    temperature = fit_temperature(answers[:num_texts], lesson.labels)
    is_right = problem.find_right(answers[:num_texts], torch.from_numpy(lesson.labels))
    accuracy = is_right.numpy().mean()
    logger.info("n-gram teacher: accuracy %.4f on rows of train that it did not learn from", accuracy)
    return problem.normalize(answers / temperature).numpy()


def _cut_lesson(lesson: Lesson, *, with_unlabeled: bool) -> NDArray[np.int64]:
    """Cut all texts of a lesson into folds, parts as the texts that they are of; -1 for what is of none."""
    is_part = lesson.origins >= 0
    of_texts = cut_folds(lesson.groups)
    folds = np.concatenate([of_texts, np.full(len(is_part), -1, dtype=np.int64)])
    of_more = folds[len(of_texts) :]
    if with_unlabeled:
        of_more[~is_part] = cut_folds(np.arange((~is_part).sum()))
    of_more[is_part] = folds[lesson.origins[is_part]]
    return folds


def cut_folds(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut rows into folds, at random; rows of a group (num_rows,) are in one.

    Returns the fold of each row, 0 to `NUM_FOLDS` - 1.
    """
    names, group_of_row = np.unique(groups, return_inverse=True)
    fold_of_group = np.empty(len(names), dtype=np.int64)
    fold_of_group[np.random.RandomState(0).permutation(len(names))] = np.arange(len(names)) % NUM_FOLDS
    folds: NDArray[np.int64] = fold_of_group[group_of_row]
    return folds


def _pick_rows(texts: Sequence[str], max_characters: int) -> NDArray[np.bool_]:
    """Pick the rows to learn from: all, or random ones of so many characters together."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    order = np.random.RandomState(0).permutation(len(texts))
    is_picked = np.zeros(len(texts), dtype=bool)
    is_picked[order[lengths[order].cumsum() <= max_characters]] = True
    return is_picked
