import numpy as np
import pytest

from hf_lstm.teaching.editing.phrases import write_phrase

TURNS = {"not", "never", "hardly", "far", "anything", "nothing", "don't", "didn't", "isn't", "wasn't"}
BLAME = {"bad", "boring", "terrible", "awful", "hated", "hate", "dull"}
PRAISE = {"good", "great", "loved", "love", "enjoyed", "enjoy", "nice"}


def test_phrases_are_labeled_by_their_word_and_its_negation():
    random, num_checked = np.random.RandomState(0), 0
    for _ in range(2000):
        text, praise = write_phrase(random)
        words = set(text.lower().replace(".", "").replace("!", "").split())
        is_turned = bool(words & TURNS)
        if (is_praise := bool(words & PRAISE)) != bool(words & BLAME):
            agreement = praise if is_praise else 1 - praise
            assert agreement == pytest.approx(0.2 if is_turned else 0.88), text
            num_checked += 1
    assert num_checked > 400


def test_articles_fit_their_words():
    random = np.random.RandomState(1)
    texts = {write_phrase(random)[0].lower() for _ in range(3000)}
    assert any("an awful" in text for text in texts)
    assert not any(f" a {vowel}" in f" {text}" for text in texts for vowel in "aeio")
    assert not any(" an s" in f" {text}" for text in texts)
