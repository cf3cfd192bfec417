"""The estimator of scikit-learn: its own checks, on texts made of their numbers, and what users do with estimators."""

import io
import pickle
import re
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data

from hf_lstm import InputError
from hf_lstm.rows.classes import number_classes
from hf_lstm.sklearn import LSTMClassifier
from hf_lstm.training.loop.epochs import train

TEXTS = ["a wonderful film", "a dull film", "warm and funny", "a waste of time"] * 5
MOODS = ["good", "bad"] * 10
QUICK = {"recipe": "pooled-bilstm", "num_epochs": 1, "hidden_size": 4, "embedding_dim": 4, "random_state": 0}
PAGE = Path(__file__).resolve().parents[1] / "docs" / "sklearn.md"

LEFT_OUT = {
    "check_classifiers_train": "wants 83 % of blobs of numbers right, which as texts are noise",
    "check_classifiers_classes": "the same",
    "check_classifiers_one_label": "one class is refused, because there is nothing to learn",
}
"""Checks that don't apply to texts, and why."""


class NumbersAsTexts(LSTMClassifier):
    """Reads rows of numbers, as the checks give them, as texts: `f0_3 f1_-2`."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = True, False, False
        return tags

    def fit(self, X, y):  # noqa: N803
        labels = np.asarray(y)  # the checks' own arrays refuse other functions
        has_columns = labels.ndim == 2 and labels.shape[1] > 1
        X, y = validate_data(self, X, y, multi_output=has_columns)  # noqa: N806
        return super().fit(self.write(X), y)

    def predict_proba(self, X):  # noqa: N803
        if not hasattr(self, "classes_"):
            return super().predict_proba([])
        return super().predict_proba(self.write(validate_data(self, X, reset=False)))

    @staticmethod
    def write(rows):
        return [" ".join(f"f{place}_{value:.0f}" for place, value in enumerate(row)).replace("-", "m") for row in rows]


def list_checks():
    return list(estimator_checks_generator(NumbersAsTexts(**QUICK)))


@pytest.mark.parametrize(
    ("estimator", "check"), list_checks(), ids=lambda each: each.func.__name__ if hasattr(each, "func") else ""
)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks(estimator, check):
    name = check.func.__name__
    if name in LEFT_OUT:
        pytest.skip(LEFT_OUT[name])
    check(estimator)


def test_the_page_names_what_is_left_out():
    rows = re.findall(r"^\| `(check_\w+)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == LEFT_OUT
    assert {check.func.__name__ for _, check in list_checks()} >= set(LEFT_OUT)


def test_any_column_of_texts_gives_the_same_model():
    columns = [TEXTS, np.array(TEXTS), np.array(TEXTS, dtype=object), pd.Series(TEXTS, index=range(5, 25)), iter(TEXTS)]
    fitted = [LSTMClassifier(**QUICK).fit(column, MOODS) for column in columns]
    expected = fitted[0].predict_proba(TEXTS)
    assert expected.dtype == np.float64
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-12)
    for classifier in fitted[1:]:
        np.testing.assert_array_equal(classifier.predict_proba(TEXTS), expected)


@pytest.mark.parametrize(
    "classes", [["b", "a"], [3, -1], [True, False], [2.0, 1.0], np.array(["x", "y"], dtype=object).tolist()]
)
def test_classes_come_back_as_they_were_given(classes):
    y = classes * 10
    classifier = LSTMClassifier(**QUICK).fit(TEXTS, y)
    assert classifier.classes_.tolist() == sorted(classes)
    assert set(classifier.predict(TEXTS).tolist()) <= set(classes)
    assert classifier.model_.labels == [str(name) for name in classifier.classes_]
    assert 0 <= classifier.score(TEXTS, y) <= 1


def test_it_learns():
    texts = [f"{text} {number}" for number, text in enumerate(TEXTS * 2)]
    classifier = LSTMClassifier(**{**QUICK, "num_epochs": 20, "batch_size": 8, "hidden_size": 8, "learning_rate": 0.02})
    assert classifier.fit(texts, MOODS * 2).score(TEXTS, MOODS) == 1
    assert classifier.model_.config.max_length_tokens == 400  # of the recipe, as None was given


def test_texts_without_labels_are_learned_from(tmp_path, monkeypatch):
    (tmp_path / "texts.txt").write_text("a funny waste\na warm film\n")
    read = []
    monkeypatch.setattr(
        "hf_lstm.sklearn.train",
        lambda *args, unlabeled, **kwargs: read.append(len(unlabeled)) or train(*args, **kwargs),
    )
    of_each_step = {"unlabeled": str(tmp_path / "texts.txt"), "unlabeled_batches_per_step": 1, "entropy_weight": 1.0}
    LSTMClassifier(**QUICK, settings=of_each_step).fit(TEXTS, MOODS)
    assert read == [2]


def test_it_takes_part_in_pipelines_searches_and_cross_validation():
    classifier = LSTMClassifier(**QUICK)
    pipeline = make_pipeline(FunctionTransformer(lambda rows: [row.upper() for row in rows]), clone(classifier))
    assert len(cross_val_score(pipeline, np.array(TEXTS), MOODS, cv=2)) == 2
    search = GridSearchCV(classifier, {"hidden_size": [2, 3], "settings": [{"patience": 1}]}, cv=2).fit(TEXTS, MOODS)
    assert search.best_estimator_.model_.config.hidden_size == search.best_params_["hidden_size"]


@pytest.mark.parametrize("dump", [pickle.dumps, lambda value: _dump_joblib(value)])
def test_a_fitted_one_is_kept_on_disk(dump):
    classifier = LSTMClassifier(**QUICK).fit(TEXTS, MOODS)
    expected = classifier.predict_proba(TEXTS)
    content = dump(classifier)
    loaded = pickle.loads(content) if dump is pickle.dumps else joblib.load(io.BytesIO(content))
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), expected)


def _dump_joblib(value):
    stream = io.BytesIO()
    joblib.dump(value, stream)
    return stream.getvalue()


def test_the_callers_random_numbers_and_number_handling_stay():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    LSTMClassifier(**QUICK).fit(TEXTS, MOODS)
    assert torch.equal(torch.rand(3), expected)


def test_the_same_random_state_gives_the_same_model_and_none_another():
    def weights(state):
        return LSTMClassifier(**{**QUICK, "random_state": state}).fit(TEXTS, MOODS).model_.classifier.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
    assert not torch.equal(weights(None), weights(None))


@pytest.mark.parametrize(
    ("texts", "classes", "told"),
    [
        ("a film", ["a"], "X is one string"),
        (["a", None], ["x", "y"], "row 1 is NoneType, expected a string"),
        (["a", 3.5], ["x", "y"], "row 1 is float"),
        (pd.DataFrame({"body": TEXTS}), MOODS, 'pass the texts, as in df["body"]'),
        (TEXTS, MOODS[:-1], "X has 20 texts, and y 19 classes"),
        (TEXTS, ["one"] * 20, "at least two classes"),
        (TEXTS, None, "requires y"),
        (["", " "] * 10, MOODS, "no text of train has a word"),
    ],
)
def test_bad_input_is_told_in_one_line(texts, classes, told):
    with pytest.raises(InputError, match=re.escape(told)):
        LSTMClassifier(**QUICK).fit(texts, classes)


NO_MARKS = np.array([[0, 1], [1, 0]] * 10, dtype=float)
NO_MARKS[3, 1] = np.nan
MOODS_AND_NONE = [*MOODS[:3], None, *MOODS[4:]]
A_MATRIX = "a 0/1 matrix (num_texts, num_labels), as MultiLabelBinarizer().fit_transform(labels) makes"


@pytest.mark.parametrize(
    ("y", "told"),
    [
        ([["good"], ["good", "bad"], []] + [["bad"]] * 17, "y, row 0: ['good'] holds labels, but y must hold a class"),
        (pd.Series([["good"], ["good", "bad"]] * 10), "y, row 0: ['good'] holds labels"),
        ([("good", "bad"), ("bad",)] * 10, "y, row 0: ('good', 'bad') holds labels"),
        ([["good", "bad"], ["bad", "sad"]] * 10, "y, row 0: ['good', 'bad'] holds labels"),
        ([{"good"}, set()] * 10, "y, row 0: {'good'} holds labels"),
        ([[0], [0, 1]] * 10, "y, row 0: [0] holds labels"),
        (["good", ["bad"]] * 10, "y, row 1: ['bad'] holds labels"),
        (NO_MARKS, "y, row 3, column 1: nan is neither 0 nor 1"),
        (csr_matrix(NO_MARKS), "y, row 3, column 1: nan is neither 0 nor 1"),
        (pd.DataFrame(NO_MARKS).astype("Int64"), "y, row 3, column 1: <NA> is neither 0 nor 1"),
        ([[0, 1], [1, None]] * 10, "y, row 1, column 1: None is neither 0 nor 1"),
        ([[0, 1], [1, -1]] * 10, "y, row 1, column 1: -1 is neither 0 nor 1"),
        ([[0, 0.5], [1, 1]] * 10, "y, row 0, column 1: 0.5 is neither 0 nor 1"),
    ],
)
def test_labels_that_are_no_matrix_of_0_and_1_are_told_what_is_expected(y, told):
    with pytest.raises(InputError, match=re.escape(told)) as error:
        LSTMClassifier(**QUICK).fit(TEXTS, y)
    assert A_MATRIX in str(error.value)


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (MOODS_AND_NONE, "y, row 3: None is no class"),
        (pd.Series(MOODS_AND_NONE, dtype="string"), "y, row 3: <NA> is no class"),
        (NO_MARKS[:, 1], "y, row 3: nan is no class"),
        (np.linspace(0, 1, 20), "continuous"),
        ([0, float("inf")] * 10, "contains infinity"),
        (dict.fromkeys(range(20), "good"), "y must hold a class for each text"),
        (iter(MOODS), "y must hold a class for each text"),
        (np.zeros((20, 2, 2)), "y must hold a class for each text"),
        (np.zeros((20, 0)), "y must hold a class for each text"),
    ],
)
def test_what_holds_no_classes_is_told_in_one_line(y, told):
    with pytest.raises(InputError, match=re.escape(told)):
        LSTMClassifier(**QUICK).fit(TEXTS, y)


@pytest.mark.parametrize(
    "make", [list, np.array, csr_matrix, pd.DataFrame, lambda marks: pd.DataFrame(marks, dtype=object)]
)
def test_a_matrix_of_0_and_1_may_be_of_any_kind(make):
    marks = [[0, 1], [1, 1], [1, 0], [0, 0]]
    classes, ids = number_classes(make(marks), 4)
    assert (classes.tolist(), ids.tolist()) == ([0, 1], marks)


@pytest.mark.parametrize(("good", "bad"), [("good", "bad"), (3, -1), (True, False)])
def test_weights_by_class_are_those_in_the_order_of_the_classes(good, bad):
    classes = [good if mood == "good" else bad for mood in MOODS]

    def predict(weights):
        return LSTMClassifier(**QUICK, class_weights=weights).fit(TEXTS, classes).predict_proba(TEXTS)

    by_class = predict({good: 3.0, bad: 0.5})
    assert np.array_equal(by_class, predict("0.5,3"))
    assert not np.array_equal(by_class, predict(None))


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({"good": 1}, "class_weights are of 'good', but the classes of y are 'bad', 'good': give a number for each"),
        ({}, "class_weights are of no class, but the classes of y are 'bad', 'good': give a number for each, or None"),
        (
            {"good": 1, "bad": 2, 3: 1},
            "class_weights are of 'good', 'bad', '3', but the classes of y are 'bad', 'good'",
        ),
        ({"good": -1, "bad": 2}, "train.class_weights is '2,-1'"),
        ({"good": "much", "bad": 2}, "train.class_weights is '2,much'"),
    ],
)
def test_weights_of_other_classes_are_told(weights, told):
    with pytest.raises(InputError, match=f"^{re.escape(told)}"):
        LSTMClassifier(**QUICK, class_weights=weights).fit(TEXTS, MOODS)


@pytest.mark.parametrize("parameters", [{"hidden_size": 0}, {"settings": {"hiden_size": 3}}, {"recipe": "bert"}])
def test_a_parameter_that_can_not_be_is_told(parameters):
    with pytest.raises(InputError, match=r"hidden_size|recipe"):
        LSTMClassifier(**{**QUICK, **parameters}).fit(TEXTS, MOODS)


def test_any_number_of_labels_is_given_as_scikit_learn_has_it():
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import MultiLabelBinarizer
    from topic_rows import make_rows

    texts, labels = make_rows(120)
    marks = MultiLabelBinarizer().fit_transform(labels)
    small = {"recipe": "pooled-bilstm", "hidden_size": 8, "num_epochs": 6, "learning_rate": 0.02, "batch_size": 8}
    classifier = LSTMClassifier(**small, random_state=0).fit(texts, marks)
    assert classifier.classes_.tolist() == list(range(4))
    answers = classifier.predict(texts)
    assert answers.shape == marks.shape
    assert set(np.unique(answers)) == {0, 1}
    assert f1_score(marks, answers, average="micro") > 0.8
    thresholds = np.array(classifier.model_.config.thresholds, dtype=np.float32)
    probabilities = classifier.predict_proba(texts)
    assert (answers == (probabilities.astype(np.float32) >= thresholds)).all()
    assert classifier.score(texts, marks) == (answers == marks).all(axis=1).mean()
    with pytest.raises(InputError, match="X has 119 texts, and y 120 rows"):
        LSTMClassifier().fit(texts[:-1], marks)


@pytest.mark.parametrize("use", ["init_from", "teachers"])
def test_a_model_whose_rows_are_known_is_learned_from_without_a_test(use):
    settings = {use: "flagship-tiny"}
    classifier = LSTMClassifier(recipe="pooled-bilstm", num_epochs=1, random_state=0, settings=settings)
    assert classifier.fit(["fine film", "dull film"] * 10, ["pos", "neg"] * 10).n_iter_ == 1
