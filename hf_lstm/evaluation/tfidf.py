"""Classifies texts by logistic regression on TF-IDF: what a model must beat to be worth its training."""

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hf_lstm.tokenization.unspaced import write_ranges

WORD_SETTINGS: Mapping[str, Any] = {
    "ngram_range": (1, 2),
    "token_pattern": r"\w+|[^\w\s]",
    "min_df": 2,
    "sublinear_tf": True,
    "C": 10,
}
"""Words, characters of punctuation (emoji, too), and pairs of these.

Chosen on the validation rows of the sample: 89.5 % there. scikit-learn's own pattern, which drops short words and
punctuation, gets 87.6 %, and `min_df` of 1 gets 89.1 %. From 3 on, `C` changes nothing that 800 rows could show."""
CHARACTER_SETTINGS: Mapping[str, Any] = {
    "analyzer": "char",
    "ngram_range": (1, 3),
    "min_df": 2,
    "sublinear_tf": True,
    "C": 10,
}
"""Where no spaces stand between words: up to three characters."""
MIN_ROWS_TO_PRUNE = 1000
"""With fewer rows, what occurs once counts, too: short texts have little else."""
MAX_WEIGHTS = 4_000_000
"""Of all labels together. The solver keeps 20 numbers for each, which is 640 MB at most."""

_UNSPACED = re.compile(f"[{write_ranges()}\u0f00-\u0fff]")
"""With Tibetan, which sets its signs between syllables."""
_MAX_LOOKED_AT = 1000
"""As many texts, and characters of each, tell how a language is written."""


class Classifier(Protocol):
    """Learns classes from texts."""

    settings: Mapping[str, Any]
    """All choices, made before anything is measured."""

    @property
    def num_features(self) -> int:
        """Return the number of weighted n-grams."""

    def fit(self, texts: Sequence[str], labels: Any) -> None:
        """Learn from texts and their class ids (num_texts,)."""

    def predict(self, texts: Sequence[str]) -> Any:
        """Predict the class id of each text (num_texts,)."""


def choose_settings(texts: Sequence[str], num_labels: int, class_weights: str | None = None) -> Mapping[str, Any]:
    """Choose the settings for training texts, by how they are written and how many they are.

    `class_weights` are those of `TrainConfig`.
    """
    settings = WORD_SETTINGS if has_spaced_words(texts) else CHARACTER_SETTINGS
    num_weights_per_feature = 1 if num_labels == 2 else num_labels
    weights: Any = class_weights
    if class_weights is not None and class_weights != "balanced":
        weights = {label: float(weight) for label, weight in enumerate(class_weights.split(","))}
    return {
        **settings,
        **({} if weights is None else {"class_weight": weights}),
        "min_df": settings["min_df"] if len(texts) >= MIN_ROWS_TO_PRUNE else 1,
        "max_features": MAX_WEIGHTS // num_weights_per_feature,
    }


def has_spaced_words(texts: Sequence[str]) -> bool:
    """Return whether spaces stand between the words of most texts."""
    step = max(1, len(texts) // _MAX_LOOKED_AT)
    seen = "".join(text[:_MAX_LOOKED_AT] for text in texts[::step])
    return 2 * len(_UNSPACED.findall(seen)) <= len(re.findall(r"\w", seen))


class TfidfClassifier:
    """Learns classes from texts by logistic regression on TF-IDF, with scikit-learn.

    Nothing in it is random. `num_features` is 0 until it is fitted.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        """Those of `TfidfVectorizer`, and `C` (the inverse strength of regularization) and `class_weight`."""
        self.num_features = 0

    def fit(self, texts: Sequence[str], labels: Sequence[int] | NDArray[np.int64]) -> None:
        """Learn the weights, from labels as `LabeledTexts` has them.

        Raises:
            ValueError: no text has a word, or all rows have one class.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        weighing = {name: value for name, value in self.settings.items() if name in ("C", "class_weight")}
        counting = {name: value for name, value in self.settings.items() if name not in weighing}
        self._vectorizer = TfidfVectorizer(**counting)
        regression = LogisticRegression(**weighing, max_iter=1000)
        self._classifier = regression if np.ndim(labels) == 1 else OneVsRestClassifier(regression)
        features = self._vectorizer.fit_transform(texts)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough after as many steps
            warnings.filterwarnings("ignore", "Label .* is present in all training examples|Label not .* is present")
            self._classifier.fit(features, labels)
        self.num_features = features.shape[1]

    def predict(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Predict the class id of each text, int64 (num_texts,), or labels in the form of those learned from."""
        answers: ArrayLike = self._classifier.predict(self._vectorizer.transform(texts))
        return np.asarray(answers, dtype=np.int64)
