import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.teaching.editing.opposites import _BOTH_WAYS, BLAME, PRAISE, WORDS, find_sides, swap_words

NEUTRAL = ("a", "an", "the", "plot", "was", "not", "and", ",", "film", "7", "minutes")


@given(st.lists(st.sampled_from((*WORDS.split("|"), *NEUTRAL)), max_size=12), st.integers(0, 9))
def test_swapping_turns_every_side_and_leaves_all_else(words, seed):
    text = " ".join(words)
    swapped = swap_words(text, np.random.RandomState(seed))
    assert find_sides(swapped) == [-side for side in find_sides(text)]
    kept = [word for word in words if word in NEUTRAL and word not in ("a", "an")]
    assert [word for word in swapped.split() if word in NEUTRAL and word not in ("a", "an")] == kept


@given(st.text(alphabet="xyz .,!?<>/É9\n"))
def test_a_text_without_such_words_stays(text):
    assert swap_words(text, np.random.RandomState(0)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The WORST!", ("The BEST!", "The GREATEST!", "The FINEST!")),
        ("Underrated. An overrated one", ("Overrated. An underrated one",)),
        ("A masterful plot", ("An amateurish plot",)),
        ("an amateurish plot", ("a masterful plot",)),
        ("a useful one", ("a useless one",)),
        ("I give it 9/10, or 1 out of 10, in 10 words", ("I give it 2/10, or 10 out of 10, in 10 words",)),
        ("I'd give it 4 out of ten, a 7.", ("I'd give it 7 out of ten, a 4.",)),
        ("I give it a 3", ("I give it an 8",)),
        ("an 8, a 10!", ("a 3, a 1!",)),
        ("a 3 hour film, a 7.5 and a 1,000", ("a 3 hour film, a 7.5 and a 1,000",)),
        ("a generic one", ("a unique one",)),
        ("a unique one", ("a generic one", "a formulaic one")),
        ("Highly recommended.", ("Not recommended.",)),
        ("A waste of film, hard to sit through.", ("A great use of film, easy to sit through.",)),
        ("It manages to please", ("It fails to please",)),
        ("It fails to please", ("It manages to please",)),
        ("I wouldn't recommend this piece of crap", ("I would recommend this work of art",)),
        ("goodness, betterment", ("goodness, betterment",)),
    ],
)
def test_words_are_written_as_those_before_them(text, expected):
    assert {swap_words(text, np.random.RandomState(seed)) for seed in range(20)} == set(expected)


@given(st.sampled_from(sorted(_BOTH_WAYS.items())), st.sampled_from(["It {}.", "{}!", "So: {} it."]))
def test_phrases_that_go_both_ways_come_back(pair, frame):
    praising, blaming = (frame.format(phrase) for phrase in pair)
    assert swap_words(praising, np.random.RandomState(0)) == blaming
    assert swap_words(blaming, np.random.RandomState(0)) == praising


def test_sides_are_in_the_order_of_words():
    assert find_sides("Good cast, BORING plot, a gem; goodish") == [PRAISE, BLAME, PRAISE]
