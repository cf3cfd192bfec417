"""What a card says of training: teachers, texts without labels, parts, edits, and what the time leaves out."""

import dataclasses

import pytest
from run_records import make_config, make_results, parse_results

from hf_lstm.config.recipes.ours import FLAGSHIP, POOLED_BILSTM
from hf_lstm.hub.cards.card import render_card
from hf_lstm.hub.cards.training import describe_teaching, describe_time, describe_unlabeled

BASE = {"source": "first", "is_on_hub": False, "weights_sha256": "ab" * 32, "keeps_classifier": True}


def change(recipe=FLAGSHIP, **settings):
    return dataclasses.replace(recipe, train=dataclasses.replace(recipe.train, **settings))


def test_nothing_is_said_of_teachers_that_a_run_did_not_have():
    assert describe_teaching(POOLED_BILSTM, is_english_reviews=True) == []
    assert describe_unlabeled(change(POOLED_BILSTM, unlabeled="auto"), "stanfordnlp/imdb") is None
    assert describe_time(POOLED_BILSTM, parse_results(make_results())) == ("training and measuring took", "")
    assert describe_time(FLAGSHIP, parse_results(make_results())) == ("training and measuring took", "")


def test_teachers_parts_and_edits_are_told_as_they_were_set():
    recipe = change(teachers="lm,old,ngrams", teacher_votes="3,1,1", crops_per_text=2, edited_share=0.05)
    who, share, parts, edits = describe_teaching(recipe, is_english_reviews=True)
    n_grams = "a linear model of n-grams that the run itself trained"
    assert who == f"Its teachers are the model `lm`, the model `old` and {n_grams}."
    assert share.startswith("Where a text has a label, 80 % of what it learned is their mean, in which they count 3, 1")
    assert parts.endswith("2 random parts of one to three sentences.")
    assert edits.startswith("5 % of the texts")
    assert edits.endswith("turn what they say.")
    assert describe_teaching(recipe, is_english_reviews=False)[-1].endswith("others are not edited).")
    thinned = describe_teaching(change(teachers="lm", thinned_per_text=1), is_english_reviews=True)
    assert "They also labeled 1 copy of each text with half of its sentences, drawn at random." in thinned
    alone = change(teachers="lm", teacher_weight=1.0, crops_per_text=0, edited_share=0.0)
    assert describe_teaching(alone, is_english_reviews=True) == [
        "Its teacher is the model `lm`.",
        "It learned how likely each label is by its word.",
    ]


@pytest.mark.parametrize(
    ("source", "unlabeled", "expected"),
    [
        ("stanfordnlp/imdb", "auto", "the data set's 50,000 reviews"),
        ("stanfordnlp/imdb", "unsupervised-00000-of-00001.parquet", "the data set's 50,000 reviews"),
        ("stanfordnlp/imdb", "mine.txt", "texts without labels, `mine.txt`;"),
        ("mine.csv", "unsupervised", "texts without labels, `unsupervised`;"),
        ("mine.csv", "auto", "If the data have a split `unsupervised`"),
    ],
)
def test_texts_without_labels_are_named_and_counted_where_known(source, unlabeled, expected):
    assert expected in describe_unlabeled(change(unlabeled=unlabeled), source)


def test_a_model_that_started_from_another_has_the_time_of_its_last_step():
    results = parse_results(make_results() | {"init_from": BASE})
    what, left_out = describe_time(change(teachers="lm,ngrams"), results)
    assert what == "its last step, training and measuring, took"
    assert left_out == ", after the training of what it started from and its teachers"
    assert describe_time(None, results)[1] == ", after the training of what it started from"


def test_the_card_tells_it_and_of_short_texts_only_where_they_were_measured():
    recipe = dataclasses.replace(change(teachers="lm,ngrams"), model=make_config(), description="as it once was")
    known = {"config": make_config(), "recipe": recipe, "repo_id": None}
    results = parse_results(make_results() | {"init_from": BASE})
    card = render_card(**known, results=results, short_texts="../page.md#short")
    assert "imdb). It also learned from the data set's 50,000 reviews without labels" in card
    assert "Its teachers are the model `lm`" in card
    assert "took | 5 min 33 s on cpu with 2 threads, after the training of what" in card
    assert "(../page.md#short)" in card
    assert f"the package `hf_lstm`: {FLAGSHIP.description.removeprefix('ours: ')}." in card
    assert "short texts" not in render_card(**known, results=results)
