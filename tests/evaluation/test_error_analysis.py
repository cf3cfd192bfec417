import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.evaluation.error_analysis import (
    NUM_LENGTH_GROUPS,
    find_driving_words,
    group_mistakes,
    measure_by_length,
    measure_unseen,
    score_tricky_reviews,
)
from hf_lstm.records.report import UnseenFigures, WordContribution


def test_mistakes_are_grouped_by_labels_and_ordered_by_confidence():
    probabilities = np.array([[0.6, 0.4], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]], dtype=np.float32)
    pairs = group_mistakes(probabilities, np.array([1, 0, 1, 1]))
    assert [(pair.label_id, pair.predicted_id, pair.rows.tolist()) for pair in pairs] == [(1, 0, [3, 0]), (0, 1, [1])]
    assert group_mistakes(probabilities, probabilities.argmax(axis=1)) == []


@given(st.integers(1, 60), st.integers(2, 5), st.integers(0, 50))
def test_every_mistake_stands_in_one_group(num_rows, num_labels, seed):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(num_labels), num_rows).astype(np.float32)
    labels = random.integers(0, num_labels, num_rows)
    pairs = group_mistakes(probabilities, labels)
    rows = [row for pair in pairs for row in pair.rows.tolist()]
    assert sorted(rows) == np.flatnonzero(probabilities.argmax(axis=1) != labels).tolist()
    for pair in pairs:
        assert (labels[pair.rows] == pair.label_id).all()
        assert (np.diff(probabilities[pair.rows, pair.predicted_id]) <= 0).all()
    assert [len(pair.rows) for pair in pairs] == sorted((len(pair.rows) for pair in pairs), reverse=True)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=80))
def test_groups_of_length_hold_each_row_once_and_do_not_overlap(rows):
    texts = ["word " * length for length, _ in rows]
    groups = measure_by_length(texts, np.array([is_right for _, is_right in rows]))
    assert 1 <= len(groups) <= NUM_LENGTH_GROUPS
    assert sum(group.num_rows for group in groups) == len(rows)
    bounds = [bound for group in groups for bound in (group.from_words, group.to_words)]
    assert bounds == sorted(bounds)
    assert all(before.to_words < after.from_words for before, after in itertools.pairwise(groups))
    num_right = sum(group.accuracy * group.num_rows for group in groups)
    assert num_right == pytest.approx(sum(is_right for _, is_right in rows))


def test_rows_that_earlier_splits_have_are_left_out_and_counted():
    is_right = np.array([True, True, False, True])
    figures = measure_unseen(["a", "b", "c", "a"], is_right, {"train": {"a", "z"}, "validation": {"b"}})
    assert (figures.num_rows_seen, figures.num_rows, figures.accuracy) == (3, 1, 0.0)
    nothing = UnseenFigures(seen_in=["train"], num_rows_seen=1, num_rows=0, accuracy=None)
    assert measure_unseen(["a"], is_right[:1], {"train": {"a"}}) == nothing


def test_driving_words_are_the_strongest_for_the_label_each_once(tiny_model):
    text = "a dull film, a Dull film and a great waste of time"
    for label in ("neg", "pos"):
        found = find_driving_words(tiny_model, text, label)
        explained = [WordContribution(**word) for word in tiny_model.explain(text, label=label)]
        strongest = max(explained, key=lambda word: word.contribution)
        assert found[:1] == ([strongest] if strongest.contribution > 0 else [])
        assert all(word in explained and word.contribution > 0 for word in found)
        words = [word.word.lower() for word in found]
        assert len(set(words)) == len(words)
    assert find_driving_words(tiny_model, "", "pos") == []


def test_tricky_reviews_are_not_scored_by_a_model_of_another_language(tiny_model, caplog):
    assert score_tricky_reviews(tiny_model, "float32") == []
    assert caplog.messages == []


def test_tricky_reviews_are_scored_for_sentiment_alone(tiny_model, monkeypatch):
    reviews = ("a wonderful film", "a dull film")
    monkeypatch.setattr("hf_lstm.evaluation.error_analysis.TRICKY_REVIEWS", reviews)
    scored = score_tricky_reviews(tiny_model, "float32")
    expected = tiny_model.predict_proba(reviews, precision="float32")[:, 1].tolist()
    assert [review.positive_probability for review in scored] == expected
    assert [review.is_right for review in scored] == [probability < 0.5 for probability in expected]
    tiny_model.config = replace(tiny_model.config, id2label={0: "Positive", 1: "Negative"})
    assert score_tricky_reviews(tiny_model, "float32")[0].positive_probability == pytest.approx(1 - expected[0])
    tiny_model.config = replace(tiny_model.config, id2label={0: "ham", 1: "spam"})
    assert score_tricky_reviews(tiny_model, "float32") == []
