"""TF-IDF with logistic regression: what it learns, and how its settings follow the texts."""

import pytest

from hf_lstm.evaluation.tfidf import MAX_WEIGHTS, TfidfClassifier, choose_settings, has_spaced_words

TEXTS = {"a good film": 1, "good fun": 1, "a bad film": 0, "bad fun": 0, "an odd film": 2, "odd fun": 2}


def test_any_number_of_labels_is_learned_from_few_rows():
    classifier = TfidfClassifier(choose_settings(list(TEXTS), 3))
    classifier.fit(list(TEXTS), list(TEXTS.values()))
    assert classifier.predict(["good", "so bad", "odd odd", "really good"]).tolist() == [1, 0, 2, 1]
    assert classifier.num_features == 7 + 9  # words, and pairs of them


def test_weights_of_classes_count():
    texts, labels = ["same"] * 3, [0, 0, 1]
    answers = []
    for class_weights in (None, "1,5"):
        classifier = TfidfClassifier(choose_settings(texts, 2, class_weights))
        classifier.fit(texts, labels)
        answers.append(classifier.predict(["same"]).tolist())
    assert answers == [[0], [1]]
    assert choose_settings(texts, 2, "balanced")["class_weight"] == "balanced"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a good film", "很好的电影"] * 2 + ["fine"], True),
        (["这部电影很好看", "太差了 0"], False),
        (["หนังดีมาก"], False),
        (["映画はとても面白い"], False),
        (["영화가 정말 좋아요"], True),
        (["यह फ़िल्म अच्छी है"], True),
        (["གློག་བརྙན་འདི་ཡག་པོ་འདུག"], False),
        (["", "123"], True),
        ([], True),
    ],
)
def test_texts_without_spaces_are_told_by_their_script(texts, expected):
    assert has_spaced_words(texts) == expected
    assert ("analyzer" not in choose_settings(texts, 2)) == expected


def test_chinese_is_learned_from_pairs_of_characters():
    texts, labels = ["这部电影很好看", "真的很好看", "这部电影不好看", "真的不好看"], [1, 1, 0, 0]
    classifier = TfidfClassifier(choose_settings(texts, 2))
    classifier.fit(texts, labels)
    assert classifier.predict(["很好", "不好"]).tolist() == [1, 0]


def test_emoji_are_words():
    classifier = TfidfClassifier(choose_settings(["😀", "😡"], 2))
    classifier.fit(["😀", "😡"] * 3, [1, 0] * 3)
    assert classifier.predict(["😡", "😀"]).tolist() == [0, 1]


def test_many_labels_get_fewer_features():
    assert choose_settings(["a"], 2)["max_features"] == MAX_WEIGHTS
    assert choose_settings(["a"], 100)["max_features"] == MAX_WEIGHTS // 100


def test_what_occurs_once_counts_in_few_rows_alone():
    assert [choose_settings(["a"] * num_rows, 2)["min_df"] for num_rows in (999, 1000)] == [1, 2]
