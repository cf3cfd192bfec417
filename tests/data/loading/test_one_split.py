"""One split, for a model that exists."""

import pytest
from published_rows import imdb_splits, rows_of, write_csv, write_imdb

from hf_lstm.data.loading import load_split
from hf_lstm.errors import InputError
from hf_lstm.sources.label_feature import Labels


def test_one_split_with_a_models_labels(tmp_path):
    write_imdb(tmp_path / "imdb")
    test = load_split(str(tmp_path / "imdb"), "test", labels=Labels(("POSITIVE", "NEGATIVE")))
    assert test.features["label"].names == ["POSITIVE", "NEGATIVE"]
    assert rows_of(test) == sorted((text, 1 - label) for text, label in imdb_splits()["test"])


def test_one_split_does_not_need_the_others(tmp_path):
    path = write_csv(tmp_path / "test.csv", [("only one class", "positive")] * 3)
    for source in (path, str(tmp_path)):
        test = load_split(source, "test", labels=Labels(("neg", "pos")))
        assert test[:] == {"text": ["only one class"] * 3, "label": [1, 1, 1]}
    write_csv(tmp_path / "train.csv", [("unlabeled", "")])
    assert len(load_split(str(tmp_path), "test", labels=Labels(("neg", "pos")))) == 3
    with pytest.raises(InputError, match=r"there is no split 'validation' with labels; there is train, test"):
        load_split(str(tmp_path), "validation", labels=Labels(("neg", "pos")))


def test_one_split_without_a_model_has_the_classes_of_train(tmp_path):
    write_csv(tmp_path / "train.csv", [("a", "x"), ("b", "y"), ("c", "z")])
    write_csv(tmp_path / "test.csv", [("d", "z")])
    assert load_split(str(tmp_path), "test")[:] == {"text": ["d"], "label": [2]}
