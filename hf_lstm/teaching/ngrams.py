"""Learns classes from n-grams by NB-SVM, fast and in bounded memory.

References: Wang and Manning 2012, Baselines and Bigrams, https://aclanthology.org/P12-2018/; Mesnil et al. 2014,
Ensemble of Generative and Discriminative Techniques for Sentiment Analysis of Movie Reviews,
https://arxiv.org/abs/1412.5335
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.nn.problem import Problem

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_TOKEN_PATTERN = r"\w+|[^\w\s]"
"""A word, or one character of punctuation."""
_NUM_WEIGHTS = 2**23
"""Of all labels together, 32 MB."""
_MIN_FEATURES, _MAX_FEATURES = 2**16, 2**22
"""N-grams are told apart by a hash. IMDB has a million of them that occur twice."""
_MAX_TEXT_CHARACTERS = 100_000
"""The rest of a longer text is not read."""
_SMOOTHING = 1.0
_C = 1.0
"""Inverse strength of regularization, as the authors have it. On the sample, 0.1 differs by 0.1 points."""
_MIN_COUNT = 2
"""An n-gram counts if it occurs in as many texts, and where there are many of them."""
_MIN_ROWS_TO_PRUNE = 1_000


def count_ngrams(texts: Sequence[str], num_labels: int, *, has_words: bool) -> csr_matrix:
    """Find which n-grams occur in each text, float32 (num_texts, num_features) of zeros and ones.

    Args:
        texts: to read, each up to 100,000 characters.
        num_labels: the more there are, the fewer n-grams are told apart.
        has_words: take up to three words or punctuation marks; else up to four characters.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    per_label = _NUM_WEIGHTS // num_labels
    num_features = 2 ** (min(max(per_label, _MIN_FEATURES), _MAX_FEATURES).bit_length() - 1)
    reading: dict[str, Any] = {"ngram_range": (1, 3), "token_pattern": _TOKEN_PATTERN}
    if not has_words:
        reading = {"ngram_range": (1, 4), "analyzer": "char"}
    vectorizer = HashingVectorizer(
        binary=True, norm=None, alternate_sign=False, n_features=num_features, dtype=np.float32, **reading
    )
    return vectorizer.transform(text[:_MAX_TEXT_CHARACTERS] for text in texts)


def mark_words(texts: EncodedTexts, num_words: int) -> csr_matrix:
    """Find which words of a vocabulary occur in each text, float32 (num_texts, num_words) of zeros and ones."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(texts.input_ids), dtype=np.float32)
    # A copy: it is sorted and joined in place, and the texts are read again.
    found = csr_matrix((ones, texts.input_ids, texts.offsets), shape=(len(texts), num_words), copy=True)
    found.sum_duplicates()
    found.data[:] = 1.0
    return found


class NgramClassifier:
    """Weighs n-grams by naive Bayes, and learns a logistic regression on them, for each label against the others.

    Nothing in it is random.

    Args:
        problem: with the labels.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.has_opposites = problem.config.has_opposites
        num_columns = 1 if self.has_opposites else problem.config.num_labels
        self.weights = np.zeros((0, num_columns), dtype=np.float32)
        """(num_features, 1) for two labels, one of which each text has; else (num_features, num_labels)"""
        self.biases = np.zeros(num_columns, dtype=np.float32)
        self.priors = np.zeros(num_columns, dtype=np.float32)
        """What the shares of the labels say of a text without n-grams."""
        self.mean_count = 1.0
        """N-grams of a text, on average."""

    def fit(self, features: csr_matrix, targets: NDArray[np.int64] | NDArray[np.float32]) -> NgramClassifier:
        """Learn the weights, and return the classifier.

        Args:
            features: of `count_ngrams`.
            targets: labels as `LabeledTexts` has them, or how likely each label is, float32 (num_texts, num_labels).
                A text counts as much as its label is sure.
        """
        from sklearn.linear_model import LogisticRegression

        min_count = _MIN_COUNT if len(targets) >= _MIN_ROWS_TO_PRUNE else 1
        is_kept = np.asarray(features.sum(axis=0)).ravel() >= min_count
        wanted = [1] if self.has_opposites else range(self.problem.config.num_labels)
        self.weights = np.zeros((features.shape[1], len(wanted)), dtype=np.float32)
        self.mean_count = max(1.0, float(features.sum(axis=1).mean()))
        for column, label in enumerate(wanted):
            likely = self._find_likely(targets, label)
            is_label = likely > 0.5
            share = (likely.sum() + _SMOOTHING) / (len(targets) + 2 * _SMOOTHING)
            self.priors[column] = np.log(share / (1 - share))
            if not 0 < is_label.sum() < len(targets):  # these rows have one side only: no n-gram tells
                self.biases[column] = self.priors[column]
                continue
            ratios = np.where(is_kept, _compute_log_count_ratios(features, likely), 0).astype(np.float32)
            weighed = features.multiply(ratios).tocsr()
            weighed.eliminate_zeros()
            solver = LogisticRegression(C=_C, solver="liblinear", dual=True, max_iter=1_000, random_state=0)
            solver.fit(weighed, is_label, sample_weight=np.abs(2 * likely - 1))
            self.weights[:, column] = solver.coef_[0] * ratios
            self.biases[column] = solver.intercept_[0]
        return self

    def _find_likely(self, targets: NDArray[np.int64] | NDArray[np.float32], label: int) -> NDArray[np.float64]:
        """Find how likely a label is in each row, (num_texts,)."""
        if np.issubdtype(targets.dtype, np.floating):
            return targets[:, label].astype(np.float64)
        return self.problem.find_label(targets.astype(np.int64), label).astype(np.float64)

    def compute_logits(self, features: csr_matrix, *, are_parts: bool = False) -> NDArray[np.float32]:
        """Compute logits, float32 (num_texts, num_labels); of two labels, one of which each text has, the first has 0.

        With `are_parts`, texts may be far shorter than those learned from. The bias makes up for what the n-grams of a
        whole text say on average. So of a part it counts as the part has n-grams, or all sentences would seem to be of
        one label.
        """
        biases = self.biases
        if are_parts:
            shares = np.minimum(1.0, np.asarray(features.sum(axis=1), dtype=np.float32) / self.mean_count)
            biases = self.priors + shares * (biases - self.priors)
        logits = np.asarray(features @ self.weights, dtype=np.float32) + biases
        return np.hstack([np.zeros_like(logits), logits]) if self.has_opposites else logits


def _compute_log_count_ratios(features: csr_matrix, likely: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute each n-gram's log ratio of its smoothed shares in a label's rows and in the others."""
    shares = []
    for weights in (likely, 1 - likely):
        counts = _SMOOTHING + features.T @ weights
        shares.append(counts / counts.sum())
    return np.log(shares[0] / shares[1])  # type: ignore[no-any-return]
