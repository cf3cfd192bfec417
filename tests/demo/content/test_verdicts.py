import pytest

from hf_lstm.answers.wording import choose_wording
from hf_lstm.demo.content.verdicts import (
    NUM_STRONGEST,
    describe_verdict,
    describe_words,
    format_confidence,
    list_strongest,
)

FILMS = choose_wording(["neg", "pos"], is_of_films=True)


def read(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def make_words(*pairs):
    return [{"word": word, "start": 0, "end": len(word), "contribution": added} for word, added in pairs]


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(1, ">99 %"), (0.99501, ">99 %"), (0.994, "99 %"), (0.5, "50 %"), (0.006, "1 %"), (0.0049, "<1 %"), (0, "<1 %")],
)
def test_no_confidence_claims_to_be_certain(probability, expected):
    assert read(format_confidence(probability)) == expected


@pytest.mark.parametrize(
    ("positive", "verdict", "tone"),
    [
        (0.97, "Liked it", "for"),
        (0.6, "Liked it", "for"),
        (0.594, "Hard to tell", "unsure"),
        (0.49, "Hard to tell", "unsure"),
        (0.1, "Didn’t like it", "against"),
    ],
)
@pytest.mark.parametrize("labels", [("neg", "pos"), ("pos", "neg")])
def test_films_are_liked_or_not_whatever_the_order_of_the_labels(positive, verdict, tone, labels):
    probabilities = [positive if label == "pos" else 1 - positive for label in labels]
    described = describe_verdict(probabilities, choose_wording(labels, is_of_films=True))
    assert (described["verdict"], described["tone"]) == (verdict, tone)
    assert (described["perhaps"] is None) == (tone != "unsure")
    assert [share["label"] for share in described["shares"]] == ["Didn’t like it", "Liked it"]
    assert [share["tone"] for share in described["shares"]] == ["against", "for"]
    assert described["shares"][1]["share"] == positive


def test_other_labels_have_their_own_names_and_the_likeliest_are_shown():
    labels = [f"label {number}" for number in range(20)]
    probabilities = [0.62, *[0.02] * 19]
    described = describe_verdict(probabilities, choose_wording(labels, is_of_films=False))
    assert (described["verdict"], described["num_others"]) == ("label 0", 15)
    assert [share["label"] for share in described["shares"]] == labels[:5]
    assert describe_verdict([0.1, 0.9], choose_wording(["neg", "pos"], is_of_films=False))["verdict"] == "pos"


def test_function_words_stay_plain_unless_they_count_as_much_as_others():
    words = make_words(("The", 0.4), ("plot", 0.3), ("was", -0.6), ("Not", -0.2), ("good", 1.0), ("dull", -0.05))
    strengths = {word["word"]: word["strength"] for word in describe_words(words)}
    assert [word for word, strength in strengths.items() if not strength] == ["The", "dull"]
    marks = make_words((",", 0.4), ("\N{RIGHT DOUBLE QUOTATION MARK}.", 0.4), ("!", 0.4), ("don't", 0.4), ("fine", 1.0))
    assert [word["word"] for word in describe_words(marks) if word["strength"]] == ["!", "don't", "fine"]
    assert strengths["good"] == 1
    assert [word["shown"] for word in describe_words(words)][:3] == ["+0.40", "+0.30", "\N{MINUS SIGN}0.60"]


def test_a_word_that_recurs_is_listed_once_with_what_its_places_add_up_to():
    words = make_words(("Dull", -1), ("great", 1.5), ("dull", -1.25), ("the", 0.1), ("dull", -0.001))
    listed = list_strongest(words)
    assert [(each["word"], each["count"], each["shown"]) for each in listed] == [
        ("Dull", 2, "\N{MINUS SIGN}2.25"),
        ("great", 1, "+1.50"),
    ]
    assert [each["tone"] for each in listed] == ["against", "for"]
    assert len(list_strongest(make_words(*((f"word{number}", 1) for number in range(30))))) == NUM_STRONGEST


def test_words_that_add_nothing_are_plain():
    assert list_strongest([]) == describe_words([]) == []
    assert list_strongest(make_words(("film", 0.0))) == []
