"""Splits are complete, disjoint where promised, reproducible, and exactly the published permutation where pooled."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Sequence, Value
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_lstm.config import DataConfig
from hf_lstm.data.splits import cut_official, cut_pooled
from hf_lstm.errors import InputError

ROWS = st.lists(st.tuples(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), st.integers(0, 1)), max_size=60)


def make_dataset(rows):
    texts, labels = zip(*rows, strict=True)
    names = ["neg", "pos", *map(str, range(2, max(labels) + 1))]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    return Dataset.from_dict({"text": list(texts), "label": list(labels)}, features=features)


def numbered(n, prefix="text"):
    return make_dataset([(f"{prefix} {i}", i % 2) for i in range(n)])


def rows_of(*datasets):
    return sorted((row["text"], row["label"]) for dataset in datasets for row in dataset)


def test_official_takes_validation_from_the_tail_of_the_permutation():
    train, test = numbered(100), numbered(10, "test")
    splits = cut_official({"train": train, "test": test}, DataConfig(validation_fraction=0.2, split_seed=3))
    order = np.random.RandomState(3).permutation(100)
    assert splits["train"]["text"][:] == [f"text {i}" for i in order[:80]]
    assert splits["validation"]["text"][:] == [f"text {i}" for i in order[80:]]
    assert rows_of(splits["test"]) == rows_of(test)


def test_official_keeps_a_published_validation_split():
    parts = {"train": numbered(20), "validation": numbered(6, "validation"), "test": numbered(4, "test")}
    splits = cut_official(parts, DataConfig())
    assert {split: rows_of(dataset) for split, dataset in splits.items()} == {
        split: rows_of(dataset) for split, dataset in parts.items()
    }


def test_published_validation_rows_that_stand_in_train_are_left_out(caplog):
    parts = {"train": numbered(20), "validation": numbered(24), "test": numbered(4, "test")}
    splits = cut_official(parts, DataConfig())
    assert splits["validation"]["text"][:] == ["text 20", "text 21", "text 22", "text 23"]
    assert rows_of(splits["train"]) == rows_of(parts["train"])
    assert "20 validation rows are left out" in caplog.text


def test_a_class_is_never_missing_from_train():
    rows = [(f"text {i}", 0) for i in range(30)] + [("the only positive text", 1)]
    for seed in range(20):
        splits = cut_official({"train": make_dataset(rows)}, DataConfig(split_seed=seed))
        assert 1 in splits["train"]["label"][:]


def test_a_source_without_test_gives_a_tenth_of_each_class():
    dataset = make_dataset([(f"text {i}", int(i < 40)) for i in range(200)])
    splits = cut_official({"train": dataset}, DataConfig())
    assert [splits["test"]["label"][:].count(label) for label in (0, 1)] == [16, 4]
    assert (len(splits["train"]), len(splits["validation"])) == (144, 36)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 2**32 - 1))
def test_cutting_a_single_source_loses_no_row_and_shares_no_text(rows, seed):
    rows += [(f"unique {i}", i % 2) for i in range(40)]
    config = DataConfig(split_seed=seed, validation_fraction=0.3)
    splits = cut_official({"train": make_dataset(rows)}, config)
    assert rows_of(*splits.values()) == sorted(rows)
    train, validation, test = (set(splits[split]["text"][:]) for split in ("train", "validation", "test"))
    assert train.isdisjoint(validation)
    assert train.isdisjoint(test)
    assert validation.isdisjoint(test)
    again = cut_official({"train": make_dataset(rows)}, config)
    assert {split: dataset[:] for split, dataset in again.items()} == {
        split: dataset[:] for split, dataset in splits.items()
    }


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        ([(f"text {i % 16}", i % 2) for i in range(2_000)], (1_500, 250, 250)),
        ([(f"text {i}", i // 5) for i in range(150)], (90, 30, 30)),
        ([(f"text {i}", i % 2) for i in range(8)], (4, 2, 2)),
        ([(f"text {i}", i % 2) for i in range(4)], (2, 1, 1)),
    ],
)
def test_few_or_repeated_texts_are_cut_by_distinct_texts(rows, sizes, caplog):
    caplog.set_level("INFO", logger="hf_lstm")
    for seed in range(5):
        splits = cut_official({"train": make_dataset(rows)}, DataConfig(split_seed=seed))
        texts = [set(part["text"][:]) for part in splits.values()]
        assert not texts[0] & texts[1] | texts[0] & texts[2] | texts[1] & texts[2]
        assert rows_of(*splits.values()) == sorted(rows)
        assert tuple(map(len, splits.values())) == sizes
        for part in splits.values() if len(rows) > 4 else [splits["train"]]:
            assert set(part["label"][:]) == {label for _, label in rows}
    assert f"validation: {len(splits['validation'])} rows cut from train: " in caplog.text
    assert splits.cuts.keys() == {"validation", "test"}


def test_the_cut_of_rows_with_any_number_of_labels_says_by_which_they_are_cut():
    features = Features({"text": Value("string"), "label": Sequence(ClassLabel(names=["a", "b"]))})
    rows = {"text": [f"text {i}" for i in range(40)], "label": [[], [0], [1], [0, 1]] * 10}
    cuts = cut_official({"train": Dataset.from_dict(rows, features=features)}, DataConfig()).cuts
    assert "of the distinct texts, by their rarest label, at least one of a label that has enough" in cuts["test"]
    assert "of the distinct texts of each class" in cut_official({"train": numbered(40)}, DataConfig()).cuts["test"]


def test_a_text_of_two_classes_takes_neither_from_train():
    rows = [("both", 0), ("both", 1), *((f"text {i}", 0) for i in range(9))]
    for seed in range(20):
        splits = cut_official({"train": make_dataset(rows)}, DataConfig(split_seed=seed))
        assert set(splits["train"]["label"][:]) == {0, 1}


def test_validation_within_train_is_refused_with_its_cause():
    rows = [("a", 0), ("b", 1)]
    parts = {split: make_dataset(rows) for split in ("train", "validation", "test")}
    with pytest.raises(InputError, match="the texts of all 2 validation rows stand in train, too; take these out"):
        cut_official(parts, DataConfig())


def test_pooled_is_the_permutation_of_all_rows_cut_at_the_fractions():
    parts = {"test": numbered(20, "test"), "train": numbered(25, "train"), "validation": numbered(5, "validation")}
    config = DataConfig(split="pooled", train_fraction=0.7, validation_fraction=0.1, split_seed=12)
    splits = cut_pooled(parts, config)
    pooled = [text for split in ("train", "validation", "test") for text in parts[split]["text"][:]]
    expected = [pooled[row] for row in np.random.RandomState(12).permutation(50)]
    assert splits["train"]["text"][:] == expected[:35]
    assert splits["validation"]["text"][:] == expected[35:40]
    assert splits["test"]["text"][:] == expected[40:]


@pytest.mark.parametrize("n", [10, 25, 100])
def test_pooled_test_first_is_what_scikit_learn_and_keras_cut(n):
    model_selection = pytest.importorskip("sklearn.model_selection")
    config = DataConfig(split="pooled_test_first", train_fraction=0.64, validation_fraction=0.16, split_seed=42)
    splits = cut_pooled({"train": numbered(n)}, config)
    rest, test = model_selection.train_test_split([f"text {i}" for i in range(n)], test_size=0.2, random_state=42)
    num_train = round(0.8 * len(rest))
    assert splits["test"]["text"][:] == test
    assert splits["train"]["text"][:] == rest[:num_train]
    assert splits["validation"]["text"][:] == rest[num_train:]


@pytest.mark.parametrize("n", [10, 30, 50, 70, 190, 50_000])
def test_pooled_sizes_do_not_suffer_from_float_rounding(n):
    config = DataConfig(split="pooled", train_fraction=0.7, validation_fraction=0.1, split_seed=12)
    splits = cut_pooled({"train": make_dataset([("text", 0)] * n)}, config)
    assert [len(splits[split]) * 10 for split in ("train", "validation", "test")] == [7 * n, n, 2 * n]


def test_too_few_rows_are_refused_with_the_sizes():
    with pytest.raises(
        InputError, match=r"few\.csv: has 2 distinct texts in train, too few to cut test and validation"
    ):
        cut_official({"train": numbered(2)}, DataConfig(dataset="few.csv"))
