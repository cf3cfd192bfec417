"""Rows that harm a run: each kind is counted, said once, and without its text."""

import logging

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from hf_lstm import InputError
from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits
from hf_lstm.data.row_checks import check_evaluation_rows, check_training_rows, count_duplicates, find_odd_rows
from hf_lstm.records.rows import Contradiction, RowFindings

NAMES = ["neg", "pos", "so-so"]


def make_rows(pairs):
    texts, labels = zip(*pairs, strict=True)
    features = Features({"text": Value("string"), "label": ClassLabel(names=NAMES)})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)


def make_good_rows(split):
    return [(f"{split} {i}", NAMES[i % 3]) for i in range(30)]


@pytest.fixture
def splits():
    return DatasetDict({split: make_rows(make_good_rows(split)) for split in ("train", "validation", "test")})


def test_good_rows_are_passed_in_silence(splits, caplog):
    assert check_training_rows(splits) == RowFindings()
    check_evaluation_rows("test", splits["test"])
    assert caplog.messages == []


def test_each_kind_is_counted_and_said_in_a_line_without_the_text(splits, caplog):
    odd = [("", "neg"), (" \n", "pos"), ("secret", "neg"), ("secret", "pos"), ("twice", "pos"), ("twice", "pos")]
    train = [*odd, *((text, label) for text, label in make_good_rows("train") if label != "so-so"), ("few", "so-so")]
    splits["train"] = make_rows(train)
    splits["validation"] = make_rows([("fine", "pos"), ("secret", "pos")])
    splits["test"] = make_rows([*make_good_rows("test"), ("", "pos"), ("twice", "neg")])
    with caplog.at_level(logging.INFO):
        findings = check_training_rows(splits)
    assert findings == RowFindings(
        empty_texts={"train": 2, "test": 1},
        contradictions={"train": Contradiction(num_rows=2, example_rows=[3, 4])},
        small_labels={"so-so": 1},
        only_labels={"validation": "pos"},
    )
    assert caplog.messages == [
        "rows: 1 validation text stands in train, too",
        "rows: 2 test texts stand in train, too",
        "rows: 2 texts of train are empty",
        "rows: 1 text of test is empty",
        "rows: 1 label has fewer than 10 rows of train: 'so-so' (1); it takes more to learn and to measure a label",
        "rows: all rows of validation are 'pos': this says little",
        "rows: 2 rows of train have a text that stands there with another label, too, such as rows 3 and 4 of the "
        "data: one label of them is wrong",
    ]
    assert not any(text in line for line in caplog.messages for text in ("secret", "twice"))


def test_many_small_labels_are_not_all_named():
    line = RowFindings(small_labels={f"label {i}": i for i in range(8)}).describe()[0]
    assert line.startswith("8 labels have fewer than 10 rows of train: 'label 0' (0), ")
    assert "'label 4' (4) and 3 more;" in line


def test_one_label_in_train_is_refused_with_what_to_do(splits):
    splits["train"] = make_rows([("a", "pos"), ("b", "pos")])
    with pytest.raises(InputError, match=r"^all 2 rows of train are 'pos'; training needs at least two labels: give "):
        check_training_rows(splits)


def test_example_rows_are_those_of_the_file_whatever_the_cut(tmp_path):
    rows = [f"text {i},{'ab'[i % 2]}" for i in range(40)]
    rows[11] = "odd,a"
    rows[33] = "odd,b"
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["text,label", *rows]))
    for seed in range(3):
        findings = find_odd_rows(load_splits(DataConfig(dataset=str(path), split_seed=seed)))
        (found,) = findings.contradictions.values()  # the cut keeps equal texts together
        assert found == Contradiction(num_rows=2, example_rows=[12, 34])


def test_duplicates_are_counted_within_and_across_splits():
    splits = {
        "train": make_rows([("a", "neg"), ("a", "neg"), ("a", "neg"), ("b", "pos")]),
        "validation": make_rows([("c", "neg"), ("d", "pos")]),
        "test": make_rows([("a", "neg"), ("a", "neg"), ("c", "neg"), ("e", "pos")]),
    }
    assert count_duplicates(splits) == {
        "within_train": 2, "within_validation": 0, "within_test": 1,
        "validation_in_train": 0, "test_in_train": 2, "test_in_validation": 1,
    }  # fmt: skip
