import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.teaching.editing.negation import affirm, count_turns, negate


def negate_in_all_ways(sentence):
    return {negate(sentence, np.random.RandomState(seed)) for seed in range(60)}


def test_what_is_said_is_denied_in_the_ways_of_english():
    assert negate_in_all_ways("The plot is good.") == {
        "The plot isn't good.",
        "The plot is not good.",
        "The plot is not good at all.",
        "The plot is never good.",
        "The plot is hardly good.",
        "The plot is far from good.",
        "The plot is anything but good.",
        "The plot is by no means good.",
        "The plot is less than good.",
    }


@pytest.mark.parametrize(
    ("sentence", "negated"),
    [
        ("It's a very good film.", {"It isn't a very good film.", "It is not a very good film."}),
        ("We really loved it.", {"We didn't really love it.", "We did not really love it."}),
        ("Everyone likes good films.", {None}),
        ("It works.", {"It doesn't work.", "It does not work."}),
        ("I recommend it.", {"I don't recommend it.", "I do not recommend it."}),
        ("You should see it.", {"You shouldn't see it.", "You should not see it.", "You should never see it."}),
        ("Everyone hated it.", {"Everyone didn't hate it.", "Everyone did not hate it.", "No one hated it."}),
        ("John's great film.", {None}),
        ("The plot is long.", {None}),
        ("", {None}),
    ],
)
def test_a_sentence_is_negated_where_it_says_something(sentence, negated):
    assert negate_in_all_ways(sentence) == negated


@given(
    st.sampled_from(["good", "a bad one", "very dull", "so very nice"]),
    st.sampled_from(["is", "was"]),
    st.integers(0, 99),
)
def test_affirming_takes_back_what_not_has_turned(said, verb, seed):
    sentence = f"The end {verb} {said} for me."
    negated = negate(sentence, np.random.RandomState(seed))
    assert count_turns(sentence) == 0
    assert count_turns(negated) == 1
    if "not" in negated or "n't" in negated:
        assert affirm(negated) == sentence


@pytest.mark.parametrize(
    ("sentence", "affirmed"),
    [
        ("It isn’t very good.", "It is very good."),
        ("A not particularly bad film", "A particularly bad film"),
        ("Never dull", "dull"),
        ("Not that it matters: it is good", None),
        ("It is good", None),
    ],
)
def test_a_negation_before_praise_or_blame_is_taken_away(sentence, affirmed):
    assert affirm(sentence) == affirmed
