"""What a model answers from Python besides labels: ids, features, ranked labels, a line about itself, and HTML."""

import copy
import html
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_model import build_model

from hf_lstm import InputError
from hf_lstm.model.explaining.page import render_explanation

TEXTS = ["a wonderful film", "", "a dull film with a great cast and nothing else in it", "wonderful"]


@pytest.mark.parametrize("settings", [{}, {"pooling": "mean_max", "bidirectional": True}, {"pooling": "attention"}])
def test_features_are_what_the_classifier_gets(settings):
    model = build_model(**settings)
    features = model.embed(TEXTS, precision="float32")
    assert features.dtype == torch.float32
    assert features.shape == (4, model.classifier.in_features)
    with torch.no_grad():
        probabilities = model.classify(features).softmax(dim=1)
    torch.testing.assert_close(probabilities, model.predict_proba(TEXTS, precision="float32"))
    torch.testing.assert_close(model.embed(TEXTS[2], precision="float32"), features[2:3])


def test_features_of_no_texts_are_an_empty_row_of_rows(tiny_model):
    assert tiny_model.embed([]).shape == (0, 8)


def test_ids_of_one_text_are_those_of_a_list(tiny_model):
    for text in TEXTS:
        np.testing.assert_array_equal(tiny_model.encode(text), tiny_model.encode([text])[0])


def test_rows_that_are_no_strings_are_named(tiny_model):
    for call in (tiny_model.encode, tiny_model.embed):
        with pytest.raises(InputError, match="row 1 is NoneType"):
            call(["a film", None])


def test_labels_are_ranked_as_a_pipeline_ranks_them():
    model = build_model(("bad", "fair", "good"))
    ranked = model.predict(TEXTS, top_k=None)
    probabilities = model.predict_proba(TEXTS)
    for row, expected, best in zip(ranked, probabilities.tolist(), model.predict(TEXTS), strict=True):
        assert {answer["label"]: answer["score"] for answer in row} == dict(zip(model.labels, expected, strict=True))
        assert [answer["score"] for answer in row] == sorted(expected, reverse=True)
        assert row[0] == best
    assert model.predict(TEXTS, top_k=2) == [row[:2] for row in ranked]
    assert model.predict(TEXTS[0], top_k=1) == ranked[0][:1]


@pytest.mark.parametrize("top_k", [0, -1, True, 1.5, "all"])
def test_a_top_k_that_is_no_number_of_labels_is_refused(tiny_model, top_k):
    with pytest.raises(InputError, match=r"^top_k is .* at least 1, or None"):
        tiny_model.predict("a film", top_k=top_k)


def test_a_model_describes_itself_in_one_line(tiny_model):
    shown = repr(tiny_model)
    assert "\n" not in shown
    assert "'neg', 'pos'" in shown
    assert f"{tiny_model.num_parameters:,} parameters on cpu" in shown


def test_an_explanation_says_what_its_signs_mean():
    two, three = build_model(), build_model(("bad", "fair", "good"))
    assert (two.explain(TEXTS[0]).label, two.explain(TEXTS[0]).against) == ("pos", "neg")
    assert (two.explain(TEXTS[0], label="neg").label, two.explain(TEXTS[0], label="neg").against) == ("neg", "pos")
    explanation = three.explain(TEXTS[0])
    assert (explanation.label, explanation.against) == (three.predict(TEXTS[0])["label"], None)
    for copied in (copy.deepcopy(explanation), pickle.loads(pickle.dumps(explanation))):
        assert (list(copied), vars(copied)) == (list(explanation), vars(explanation))
    assert list(two.explain("")) == []
    assert "<p" in two.explain("")._repr_html_()


@given(st.text(), st.text(min_size=1))
def test_html_shows_any_text_as_it_is_and_never_as_markup(text, label):
    words = [{"word": text[:3], "start": 0, "end": len(text[:3]), "contribution": 1.0}] if text else []
    page = render_explanation(text, words, label, None)
    page.encode()
    body = re.search(r'<p style="white-space[^>]*>(.*?)</p>', page, re.DOTALL)[1]
    shown = re.sub(r'<span title="[^"<>]*" style="[^"<>]*">|</span>', "", body)
    assert "<" not in shown
    assert html.unescape(shown) == html.unescape(html.escape(re.sub("[\ud800-\udfff]", "\ufffd", text)))
