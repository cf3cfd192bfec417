import itertools

from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.teaching.editing.crops import draw_crops, split_sentences, thin_texts


def test_sentences_end_at_marks_lines_and_html_breaks():
    text = "One. Two!<br /><br />Three?\nFour… Five"
    assert split_sentences(text) == ["One.", "Two!", "Three?", "Four…", "Five"]
    assert split_sentences("很好。不錯！") == ["很好。", "不錯！"]
    assert split_sentences("3.5 stars") == ["3.5 stars"]


@given(st.lists(st.text(alphabet="ab.!? \n", max_size=30), max_size=5), st.integers(0, 3), st.integers(0, 9))
def test_crops_are_runs_of_sentences_of_their_texts_but_not_the_whole(texts, crops_per_text, seed):
    crops, rows = draw_crops(texts, crops_per_text, seed=seed)
    assert len(crops) == len(rows)
    for crop, row in zip(crops, rows, strict=True):
        sentences = split_sentences(texts[row])
        runs = {" ".join(sentences[a:b]) for a in range(len(sentences)) for b in range(a + 1, min(a + 3, 99) + 1)}
        assert crop in runs
        assert len(sentences) > 1
    several = [row for row, text in enumerate(texts) if len(split_sentences(text)) > 1]
    assert rows.tolist() == [row for row in several for _ in range(crops_per_text)]


@given(st.lists(st.text(alphabet="ab.!? \n", max_size=40), max_size=5), st.integers(0, 2), st.integers(0, 9))
def test_thinned_texts_have_half_of_the_sentences_in_their_order(texts, thinned_per_text, seed):
    thinned, rows = thin_texts(texts, thinned_per_text, seed=seed)
    long_ones = [row for row, text in enumerate(texts) if len(split_sentences(text)) >= 4]
    assert rows.tolist() == [row for row in long_ones for _ in range(thinned_per_text)]
    for text, row in zip(thinned, rows, strict=True):
        sentences = split_sentences(texts[row])
        halves = itertools.combinations(sentences, (len(sentences) + 1) // 2)
        assert text in {" ".join(half) for half in halves}
