from hf_lstm.answers.wording import choose_wording
from hf_lstm.demo.batch_rows import NO_KNOWN_WORD, Row
from hf_lstm.demo.batch_tab import describe_rows


def describe(answers, labels=("neg", "pos"), is_of_films=True):
    rows = [Row(text, label, score, []) for text, label, score in answers]
    return describe_rows(rows, labels, choose_wording(labels, is_of_films=is_of_films))


def test_rows_have_the_labels_as_people_read_them_and_the_unsure_ones_are_marked():
    described = describe([("a", "pos", 0.9999), ("b", "neg", 0.59), ("c", NO_KNOWN_WORD, None)])
    rows = [[*row["labels"], row["tone"], row["confidence"], row["is_unsure"]] for row in described["rows"]]
    assert rows == [
        ["Liked it", "for", ">99\N{NO-BREAK SPACE}%", False],
        ["Didn’t like it", "against", "59\N{NO-BREAK SPACE}%", True],
        [NO_KNOWN_WORD, None, "", False],
    ]


def test_each_label_has_its_count_and_none_is_the_winner():
    answers = [("a", "pos", 0.9)] * 51 + [("b", "neg", 0.9)] * 49 + [("c", NO_KNOWN_WORD, None)]
    described = describe(answers)
    counts = [(each["label"], each["count"]) for each in described["counts"]]
    assert counts == [("Didn’t like it", 49), ("Liked it", 51)]
    assert [each["tone"] for each in described["counts"]] == ["against", "for"], "in the order of the first tab"
    assert set(described) == {"rows", "counts", "is_pair", "unsure_below"}


def test_a_label_that_is_named_like_a_missing_answer_is_an_answer():
    described = describe([("a", NO_KNOWN_WORD, 0.9)], [NO_KNOWN_WORD, "x"], is_of_films=False)
    assert described["rows"][0]["tone"] == "against"
    assert described["counts"][0]["count"] == 1
