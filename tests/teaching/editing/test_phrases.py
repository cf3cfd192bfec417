import numpy as np
import pytest

from hf_lstm.teaching.editing import phrases
from hf_lstm.teaching.editing.opposites import SURE, TURNED
from hf_lstm.teaching.editing.phrases import write_phrase

TURNS = {"not", "wouldn't", "never", "hardly", "far", "anything", "nothing", "don't", "didn't", "isn't", "wasn't"} | {
    "can't",
    "doubt",
    "nobody",
    "no",
}
BLAME = {"bad", "boring", "terrible", "awful", "hated", "hate", "dull"}
CALLS = [call for side in (1, -1) for call in phrases.load_calls(side)]
PRAISE = {"good", "great", "loved", "love", "enjoyed", "enjoy", "nice"}


def test_phrases_are_labeled_by_their_word_and_its_negation():
    random, num_checked = np.random.RandomState(0), 0
    for _ in range(4000):
        text, praise = write_phrase(random)
        said = text.lower().replace(".", "").replace("!", "")
        words = set() if any(call in said for call in CALLS) else set(said.split())
        is_turned = bool(words & TURNS)
        if (is_praise := bool(words & PRAISE)) != bool(words & BLAME):
            agreement = praise if is_praise else 1 - praise
            assert agreement == pytest.approx(TURNED if is_turned else SURE), text
            num_checked += 1
    assert num_checked > 200


def test_articles_fit_their_words():
    random = np.random.RandomState(1)
    texts = {write_phrase(random)[0].lower() for _ in range(3000)}
    assert any("an awful" in text for text in texts)
    assert not any(f" a {vowel}" in f" {text}" for text in texts for vowel in "aeio")
    assert not any(" an s" in f" {text}" for text in texts)


def test_calls_are_of_one_side():
    praising, blaming = (phrases.load_calls(side) for side in (1, -1))
    assert not set(praising) & set(blaming)
    assert len(praising) > 100
    assert len(blaming) > 100


def test_a_thing_has_no_word_of_both_sides():
    for field in phrases.load_fields():
        assert not set(field.sides[0]) & set(field.sides[1])
        assert all(word == word.strip() and word for words in (field.things, *field.sides) for word in words)
