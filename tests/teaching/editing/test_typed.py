import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.teaching.editing import typed
from hf_lstm.teaching.editing.opposites import BLAME, PRAISE
from hf_lstm.teaching.editing.typed import style


def style_in_all_ways(text, side, number=4000):
    random = np.random.RandomState(0)
    return [style(text, side, random) for _ in range(number)]


def test_three_of_four_texts_stay():
    styled = style_in_all_ways("You don't see so good a film.", PRAISE)
    assert 0.7 < styled.count("You don't see so good a film.") / len(styled) < 0.8


def test_texts_are_written_as_people_type_them():
    styled = set(style_in_all_ways("I don't love you.", BLAME))
    assert {"i dont love you", "I don't love you", "i don't luv u.", "I DON'T LOVE YOU."} <= styled
    assert any("looove" in text for text in styled)


@given(st.text(max_size=40).filter(str.strip), st.integers(0, 99))
def test_any_text_can_be_styled(text, seed):
    random = np.random.RandomState(seed)
    assert all(isinstance(style(text, PRAISE, random), str) for _ in range(20))


def test_emojis_and_hashtags_are_of_the_side():
    for table in (typed._EMOJIS, typed._HASHTAGS):
        praising, blaming = (set(side) for side in table)
        assert not praising & blaming
    for place, side in enumerate((PRAISE, BLAME)):
        ends = {text.split()[-1] for text in style_in_all_ways("it was", side) if text.split()[-1].startswith("#")}
        assert ends
        assert ends <= set(typed._HASHTAGS[place])
