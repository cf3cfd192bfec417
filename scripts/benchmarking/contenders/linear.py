"""Trains and times linear classifiers on words and pairs of words.

They are trained in the run, so that their accuracy is real.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarking.harness.forked import SliceProcesses
from benchmarking.harness.spec import Answer, Answers
from benchmarking.harness.timing import IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE, time_classification
from benchmarking.reviews import LabeledReviews
from hf_lstm.evaluation.tfidf import Classifier, TfidfClassifier
from hf_lstm.runtime.cores import count_cores

SKLEARN_REQUIRES = ("sklearn",)
FASTTEXT_REQUIRES = ("fasttext",)


def build_tfidf() -> TfidfClassifier:
    """Build the logistic regression on TF-IDF of words and word pairs."""
    return TfidfClassifier({"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True, "C": 10})


def classify_with_linear(
    classifier: Classifier, train: LabeledReviews, test: LabeledReviews, num_reviews: int
) -> Answers:
    """Yield reviews/s in one process and in one per core.

    Args:
        classifier: is trained first.
        train: what it is trained on.
        test: what its accuracy is measured on; the first `num_reviews` are timed.
        num_reviews: how many are timed.
    """
    facts = train_and_score(classifier, train, test)
    yield from _time_both_ways(classifier.predict, test.texts[:num_reviews], facts)


def train_and_score(classifier: Classifier, train: LabeledReviews, test: LabeledReviews) -> Answer:
    """Train a classifier, and return its training time and test accuracy."""
    started = time.perf_counter()
    classifier.fit(train.texts, train.labels)
    training_s = time.perf_counter() - started
    return {"training_s": training_s, "test_accuracy": score(classifier.predict(test.texts), test.labels)}


class FastText:
    """Learns two classes by fastText, on words and pairs of words.

    Reference: Joulin et al. 2016, https://arxiv.org/abs/1607.01759
    """

    settings: Mapping[str, Any] = {"wordNgrams": 2, "dim": 50, "epoch": 5, "lr": 0.5, "minCount": 2}

    def __init__(self, scratch: Path, num_threads: int) -> None:
        self._path = scratch / "fasttext-train.txt"
        self._num_threads = num_threads

    def fit(self, texts: Sequence[str], labels: Sequence[int]) -> None:
        """Learn the weights, by way of a file; more than one thread gives other weights each time.

        Rows are shuffled: fastText takes them as they come, and learns only the last class of a file sorted by class.
        """
        import fasttext

        lines = [f"__label__{label} {_clean(text)}" for text, label in zip(texts, labels, strict=True)]
        lines = [lines[row] for row in np.random.default_rng(0).permutation(len(lines))]
        self._path.write_text("\n".join(lines), encoding="utf-8")
        self._model = fasttext.train_supervised(str(self._path), **self.settings, thread=self._num_threads, verbose=0)
        self.num_features = len(self._model.words)

    def predict(self, texts: Sequence[str]) -> Sequence[int]:
        """Predict the class of each text."""
        # `model.predict` calls this, but fails itself with NumPy 2 (fasttext 0.9.2). It keeps the GIL, so that threads
        # gain nothing; the wheel has no command line, which a process per core stands for.
        found, _ = self._model.f.multilinePredict([f"{_clean(text)}\n" for text in texts], 1, 0.0, "strict")
        return [int(label[0].removeprefix("__label__")) for label in found]


def classify_with_fasttext(train: LabeledReviews, test: LabeledReviews, num_reviews: int, scratch: Path) -> Answers:
    """Yield reviews/s of fastText in one process and in one per core.

    Arguments are as above, and `scratch` is a folder for its training file.
    """
    yield from classify_with_linear(FastText(scratch, count_cores()), train, test, num_reviews)


def score(answers: Sequence[int], labels: Sequence[int]) -> float:
    """Return the share of right answers."""
    return sum(int(answer) == label for answer, label in zip(answers, labels, strict=True)) / len(labels)


def _time_both_ways(classify: Callable[[list[str]], object], texts: list[str], facts: Answer) -> Answers:
    """Yield the facts, then reviews/s in one process and per core.

    The one process keeps one core busy; the other way has a process per core.
    """
    with SliceProcesses(classify, texts) as processes:
        processes.do_all()
        ways = {IN_ONE_PROCESS: lambda: classify(texts), WITH_A_PROCESS_PER_CORE: processes.do_all}
        yield from time_classification(ways, len(texts), facts)


def _clean(text: str) -> str:
    """Prepare a text as fastText's tutorial does.

    It becomes lower case, punctuation apart, one line.
    """
    return " ".join(re.sub(r"([.!?,'/()])", r" \1 ", text.lower()).split())
