"""Digests know rows again, whatever their order and cut."""

from datasets import ClassLabel, Dataset, Features, Value

from hf_lstm.config import DataConfig
from hf_lstm.data.digests import hash_rows
from hf_lstm.data.loading import load_splits
from hf_lstm.data.splits import cut_official
from hf_lstm.records.places import IMDB_ROWS_SHA256


def make_dataset(rows):
    texts, labels = zip(*rows, strict=True)
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    return Dataset.from_dict({"text": list(texts), "label": list(labels)}, features=features)


def test_the_digest_tells_rows_apart_but_neither_order_nor_cut():
    rows = [("a film", 0), ("a film", 1), ("another", 1)]
    whole = hash_rows({"train": make_dataset(rows)})
    assert hash_rows({"train": make_dataset(rows[2:]), "test": make_dataset(rows[:2])}) == whole
    for others in (rows[1:], [*rows, rows[0]], [("a film", 1), ("a film", 1), ("another", 0)]):
        assert hash_rows({"train": make_dataset(others)}) != whole


def test_the_digest_of_imdb_is_the_one_that_cards_know(shared_data):
    splits = load_splits(DataConfig(dataset=str(shared_data / "imdb")))
    assert hash_rows(splits) == IMDB_ROWS_SHA256


def test_the_digest_is_that_of_the_source_where_rows_were_left_out():
    source = {
        "train": make_dataset([(f"text {i}", i % 2) for i in range(20)]),
        "test": make_dataset([("text 3", 0), ("another", 1)]),
    }
    splits = cut_official(source, DataConfig(dataset="films.csv", drop_test_texts=True))
    assert "text 3" not in splits["train"]["text"][:] + splits["validation"]["text"][:]
    assert splits.rows_sha256 == hash_rows(source) != hash_rows(splits)
