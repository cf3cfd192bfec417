"""`scripts/measure_baselines.py`: what the linear classifiers compute, and what is written of them."""

import json
import math
import runpy
from pathlib import Path

import numpy as np
import pytest

from benchmarking.contenders.linear import build_tfidf
from benchmarking.contenders.nb_svm import NBSVM
from hf_lstm.errors import InputError

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "measure_baselines.py"))
TEXTS = ["a good film", "good fun!", "so good", "a bad film", "bad fun!", "so bad"]
LABELS = [1, 1, 1, 0, 0, 0]


@pytest.fixture
def folder(tmp_path):
    rows = ["text,label", *(f"{text},{'neg pos'.split()[label]}" for text, label in zip(TEXTS, LABELS, strict=True))]
    (tmp_path / "train.csv").write_text("\n".join([*rows, *(f"really {row}" for row in rows[1:])]))
    (tmp_path / "test.csv").write_text("\n".join([*rows, "good,neg", "so bad,neg"]))
    return tmp_path


@pytest.mark.parametrize("classifier", [build_tfidf(), NBSVM()])
def test_what_tells_the_classes_apart_is_learned(classifier):
    classifier.fit(TEXTS, LABELS)
    assert list(classifier.predict(["good", "a bad one", "good good but bad bad bad"]))[:2] == [1, 0]
    assert list(classifier.predict(TEXTS)) == LABELS
    assert classifier.num_features > 2


def test_nb_svm_weighs_each_ngram_by_its_log_count_ratio():
    classifier = NBSVM()
    classifier.fit(TEXTS, LABELS)
    vocabulary = classifier._vectorizer.vocabulary_
    # "film", "a" and "!" occur in both classes alike; all that occurs once is left out, as "so good" and "a bad film".
    assert {"good", "bad", "film", "!", "fun !"} <= set(vocabulary)
    assert "so good" not in vocabulary
    weights = classifier._weights
    assert weights[vocabulary["film"]] == weights[vocabulary["!"]] == 0
    assert weights[vocabulary["good"]] == pytest.approx(-weights[vocabulary["bad"]], rel=1e-3)
    assert weights[vocabulary["good"]] > 0


def test_nb_svm_is_a_logistic_regression_on_weighed_occurrences():
    from sklearn.linear_model import LogisticRegression

    classifier = NBSVM()
    classifier.fit(TEXTS, LABELS)
    vocabulary = classifier._vectorizer.vocabulary_
    present = classifier._vectorizer.transform(TEXTS).toarray()
    assert set(np.unique(present)) == {0, 1}
    positive, negative = (1 + present[np.array(LABELS) == label].sum(axis=0) for label in (1, 0))
    ratios = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    assert ratios[vocabulary["good"]] == pytest.approx(math.log(4))
    expected = LogisticRegression(C=1.0, solver="liblinear").fit(present * ratios, LABELS)
    np.testing.assert_allclose(classifier._weights, expected.coef_[0] * ratios, atol=1e-3)


def test_the_figures_are_written_with_where_they_come_from(folder, capsys):
    output = folder / "baselines.json"
    SCRIPT["main"](["--dataset", str(folder), "--output", str(output)])
    written = json.loads(output.read_text())
    assert set(written) == {"machine", "command", "commit", "dataset", "models"}
    assert written["command"].startswith("python scripts/measure_baselines.py --dataset ")
    assert {"processor", "num_cores", "versions"} <= set(written["machine"])
    assert list(written["models"]) == ["TF-IDF(1,2) + logistic regression", "NB-SVM(1,3)"]
    printed = capsys.readouterr().out
    for name, figures in written["models"].items():
        assert figures["num_train_rows"] == 12
        test = figures["test"]
        assert (test["num_rows"], test["accuracy"]) == (8, 7 / 8)
        assert test["accuracy_interval"][0] < 7 / 8 < test["accuracy_interval"][1]
        assert f"{name}: test accuracy 87.50 %, 8 rows" in printed


def test_a_missing_folder_is_refused_before_any_work():
    with pytest.raises(InputError, match="there is no folder"):
        SCRIPT["main"](["--output", "none/baselines.json"])


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"sklearn is not installed; run pip install -e '.\[benchmark\]'"):
        SCRIPT["main"]([])
