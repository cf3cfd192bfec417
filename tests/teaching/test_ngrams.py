import numpy as np
import pytest
from run_records import make_problem

from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.teaching.ngrams import NgramClassifier, count_ngrams, mark_words

pytest.importorskip("sklearn")
TEXTS = ["so good", "no good", "so bad", "no bad"] * 6
LABELS = np.array([1, 0, 0, 1] * 6)


def test_word_pairs_tell_what_single_words_cannot():
    features = count_ngrams(TEXTS, 2, has_words=True)
    logits = NgramClassifier(make_problem(2)).fit(features, LABELS).compute_logits(features)
    assert logits.argmax(axis=1).tolist() == LABELS.tolist()
    assert (logits[:, 0] == 0).all()


def test_any_number_of_labels_each_against_the_others():
    texts = ["red apple", "green pear", "blue plum"] * 5
    labels = np.array([2, 0, 1] * 5)
    features = count_ngrams(texts, 4, has_words=True)
    logits = NgramClassifier(make_problem(4)).fit(features, labels).compute_logits(features)
    assert logits.argmax(axis=1).tolist() == labels.tolist()
    assert (logits[:, 3] < 0).all()  # the label without rows


def test_characters_tell_where_no_blanks_stand_between_words():
    texts = ["這部電影很好看", "這部電影很難看", "很好", "很難"] * 3
    labels = np.array([1, 0, 1, 0] * 3)
    features = count_ngrams(texts, 2, has_words=False)
    logits = NgramClassifier(make_problem(2)).fit(features, labels).compute_logits(features)
    assert logits.argmax(axis=1).tolist() == labels.tolist()


def test_occurrence_counts_and_not_how_often():
    once, twice = count_ngrams(["good", "good good"], 2, has_words=True).toarray()
    assert once.sum() == 1
    assert twice.sum() == 2  # the word, and the pair
    assert set(np.unique(twice)) == {0, 1}


def test_memory_is_bounded_whatever_the_number_of_labels():
    for num_labels in (2, 3, 100, 10_000):
        num_features = count_ngrams(["a"], num_labels, has_words=True).shape[1]
        assert 2**16 <= num_features <= 2**22
        assert num_features * num_labels <= max(2**23, 2**16 * num_labels)


def test_words_of_encoded_texts_are_marked_once():
    texts = EncodedTexts(np.array([3, 3, 1, 2], dtype=np.int32), np.array([0, 3, 4]))
    assert mark_words(texts, 5).toarray().tolist() == [[0, 1, 0, 1, 0], [0, 0, 1, 0, 0]]


def test_a_part_without_ngrams_gets_the_share_of_the_labels_and_a_whole_text_the_bias():
    texts = ["good film here"] * 6 + ["bad film here"] * 2
    features, labels = count_ngrams(texts, 2, has_words=True), np.array([1] * 6 + [0] * 2)
    classifier = NgramClassifier(make_problem(2)).fit(features, labels)
    assert classifier.mean_count == 6  # three words, two pairs and a triple
    classifier.biases[:] = 5.0
    empty, whole = count_ngrams(["", "good film here"], 2, has_words=True)
    assert classifier.compute_logits(empty, are_parts=True)[0, 1] == pytest.approx(np.log(7 / 3))
    assert classifier.compute_logits(empty)[0, 1] == 5.0
    assert (classifier.compute_logits(whole, are_parts=True) == classifier.compute_logits(whole)).all()


def test_marking_words_leaves_the_texts_as_they_are():
    ids, offsets = np.array([5, 3, 5, 4, 2, 2], dtype=np.int32), np.array([0, 4, 6])
    marks = mark_words(EncodedTexts(ids, offsets), 8)
    assert marks.toarray().nonzero()[1].tolist() == [3, 4, 5, 2]
    assert ids.tolist() == [5, 3, 5, 4, 2, 2]
    assert offsets.tolist() == [0, 4, 6]


def test_sure_soft_labels_teach_what_labels_do_and_unsure_ones_count_less():
    problem = make_problem(2)
    features = count_ngrams(TEXTS, 2, has_words=True)
    hard = NgramClassifier(problem).fit(features, LABELS)
    soft = NgramClassifier(problem).fit(features, problem.soften(LABELS))
    assert (soft.weights == hard.weights).all()
    texts = ["fine film", "fine film", "poor film"] * 4
    targets = np.array([[0.0, 1.0], [0.55, 0.45], [1.0, 0.0]] * 4, dtype=np.float32)
    features = count_ngrams(texts, 2, has_words=True)
    logits = NgramClassifier(problem).fit(features, targets).compute_logits(features)
    assert logits[0, 1] > 0.5  # of "fine", one row in two is sure
