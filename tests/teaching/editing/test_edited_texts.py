from collections import Counter

import numpy as np
import pytest

from hf_lstm.teaching.editing.crops import split_sentences
from hf_lstm.teaching.editing.edited_texts import (
    SHARES,
    ReviewedTexts,
    edit_texts,
    find_praise,
    turn_sentence,
    turn_text,
    write_short_texts,
)
from hf_lstm.teaching.editing.negation import count_turns
from hf_lstm.teaching.editing.opposites import BLAME, PRAISE, SURE, TURNED, UNDECIDED, find_sides

RULES = 40
"""Seeds that draw each way to turn a sentence at least once."""
PRAISING, BLAMING = "A good plot. The end is great.", "A bad plot. The end is awful."


@pytest.fixture
def reviews():
    is_praise = np.arange(40) % 2 == 0
    praise = np.where(is_praise, 0.95, 0.2).astype(np.float32)
    return ReviewedTexts([PRAISING if each else BLAMING for each in is_praise], praise, is_praise)


def test_the_edits_of_a_kind_are_as_many_as_asked_for_or_as_there_are(reviews):
    texts, praise = edit_texts(reviews, reviews, 100, seed=0)
    assert len(texts) == len(praise) == 100
    assert praise.dtype == np.float32
    num_written = sum(
        round(1000 * SHARES[kind]) for kind in ("phrases", "sayings", "facts", "compositions", "joined_crops")
    )
    assert len(edit_texts(reviews, reviews, 1000, seed=0)[0]) == 40 + 40 + 80 + num_written
    assert len(edit_texts(reviews, reviews, 0, seed=0)[0]) == 0


def test_edits_are_drawn_by_the_seed(reviews):
    first, again, other = (edit_texts(reviews, reviews, 100, seed=seed) for seed in (1, 1, 2))
    assert first[0] == again[0]
    assert first[1].tolist() == again[1].tolist()
    assert first[0] != other[0]


def test_a_swapped_text_has_the_opposite_of_what_its_teachers_said(reviews):
    texts, praise = edit_texts(reviews, reviews, 100, seed=0)
    num_swapped = round(100 * SHARES["swapped"]) + round(100 * SHARES["swapped_crops"])
    for text, found in zip(texts[:num_swapped], praise[:num_swapped], strict=True):
        sentences = split_sentences(text)
        said = [side * (-1) ** count_turns(sentence) for sentence in sentences for side in find_sides(sentence)]
        assert said in ([BLAME, BLAME], [PRAISE, PRAISE])
        assert found == pytest.approx(0.05 if said[0] == BLAME else 0.8)


def test_each_sentence_of_a_text_is_turned_once():
    turned = [turn_text("The plot is good. It runs.", np.random.RandomState(seed)) for seed in range(RULES)]
    assert all(text.endswith(". It runs.") for text in turned)
    is_negated = ["good" in text for text in turned]
    assert any(is_negated)
    assert not all(is_negated)
    for text, negated in zip(turned, is_negated, strict=True):
        assert find_sides(text) == [PRAISE if negated else BLAME]
        assert count_turns(text) == negated


def test_a_sentence_that_rules_cannot_negate_is_swapped():
    for text in ("The good plot ends.", "Good but bad.", "It is not good."):
        turned = {turn_text(text, np.random.RandomState(seed)) for seed in range(RULES)}
        assert all(find_sides(other) == [-side for side in find_sides(text)] for other in turned)


def test_a_crop_is_joined_to_a_sentence_of_its_side(reviews):
    texts, praise = edit_texts(reviews, reviews, 100, seed=0)
    for text, found in zip(texts[-4:], praise[-4:], strict=True):
        assert found == pytest.approx(SURE if PRAISING in text else 1 - SURE)
        assert (PRAISING in text) != (BLAMING in text)
        assert text not in (PRAISING, BLAMING)


def test_facts_have_no_emoji_of_a_side(reviews):
    edited = zip(*edit_texts(reviews, reviews, 5_000, seed=0), strict=True)
    facts = [text for text, praise in edited if praise == UNDECIDED]
    assert len(facts) == round(5_000 * SHARES["facts"])
    assert all(sign < "\u2000" for text in facts for sign in text)  # é, but no emoji


def test_words_of_written_texts_are_frequent_enough_for_a_vocabulary():
    texts = write_short_texts(3000, seed=0)
    words = Counter(word.strip(".!,") for text in texts for word in text.lower().split())
    assert words["bussin"] >= 60
    assert texts == write_short_texts(3000, seed=0)


def test_texts_whose_teachers_disagree_are_not_swapped(reviews):
    doubted = ReviewedTexts(reviews.texts, 1 - reviews.praise, reviews.is_praise)
    written = ("phrases", "sayings", "facts", "compositions")
    num_others = sum(round(100 * SHARES[kind]) for kind in ("sentences", *written))
    assert len(edit_texts(doubted, doubted, 100, seed=0)[0]) == num_others


@pytest.mark.parametrize(
    ("sentence", "is_praise", "expected"),
    [
        ("The end wasn't bad.", True, [("The end was bad.", 1 - SURE), ("The end wasn't bad.", 1 - TURNED)]),
        ("The end wasn't good.", False, [("The end was good.", SURE), ("The end wasn't good.", TURNED)]),
        ("The end wasn't good.", True, []),
        ("The end was good.", False, []),
        ("The end was good, but long.", True, []),
        ("The end was good and funny.", True, []),
        ("Was good.", True, []),
        ("The end was good" + " again" * 30, True, []),
    ],
)
def test_a_sentence_is_turned_where_rules_are_sure_of_it(sentence, is_praise, expected):
    assert turn_sentence(sentence, is_praise, np.random.RandomState(0)) == [
        (text, pytest.approx(praise)) for text, praise in expected
    ]


def test_a_negated_sentence_stands_beside_the_sentence():
    plain, negated = turn_sentence("The end was good.", True, np.random.RandomState(0))
    assert plain == ("The end was good.", SURE)
    assert negated[0] != plain[0]
    assert negated[1] == TURNED


@pytest.mark.parametrize("praise", [0, 1])
def test_praise_is_the_label_whose_texts_have_more_of_it(praise):
    labels = np.array([praise, 1 - praise] * 10)
    assert find_praise([PRAISING, BLAMING] * 10, labels) == praise


def test_texts_without_such_words_or_of_one_label_say_nothing():
    assert find_praise(["Ein guter Film", "Ein schlechter Film"], np.array([0, 1])) is None
    assert find_praise([PRAISING, PRAISING], np.array([1, 1])) is None
    assert find_praise([], np.zeros(0, dtype=np.int64)) is None


def test_labels_that_praise_does_not_tell_are_not_praise():
    assert find_praise([PRAISING, BLAMING, PRAISING, BLAMING], np.array([0, 0, 1, 1])) is None
