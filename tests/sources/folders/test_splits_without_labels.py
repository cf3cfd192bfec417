"""Splits without labels are left out; rows without, among others, are refused."""

import pytest
from small_files import WORDS, count_rows, write_csv

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_split, load_splits
from hf_lstm.errors import InputError
from hf_lstm.sources.label_feature import Labels


@pytest.mark.parametrize(
    "unlabeled",
    [
        {"rows": [(f"t{i} dull", -1) for i in range(9)]},
        {"rows": [(f"t{i} dull", "") for i in range(9)]},
        {"rows": [(i, f"t{i} dull") for i in range(9)], "header": "id,text"},
    ],
)
def test_a_split_without_any_label_is_left_out_and_cut_from_train(tmp_path, log, unlabeled):
    write_csv(tmp_path / "train.csv", rows=[(f"{i} {WORDS[i % 2]}", i % 2) for i in range(40)])
    write_csv(tmp_path / "validation.csv", rows=[(f"v{i} {WORDS[i % 2]}", i % 2) for i in range(10)])
    write_csv(tmp_path / "test.csv", **unlabeled)
    for _ in range(2):  # from the cache, it is said again
        log.clear()
        assert count_rows(tmp_path) == {"train": 36, "validation": 10, "test": 4}
        assert "left out: the test split, as " in log.text
        assert "data: test: 4 rows cut from train: " in log.text
    with pytest.raises(InputError, match=r"test\.csv.*(no row has a label|there is no label column)"):
        load_split(str(tmp_path), "test", labels=Labels(("0", "1")))


def test_a_split_with_some_labels_stays_refused(tmp_path):
    write_csv(tmp_path / "train.csv", rows=[(f"{i} {WORDS[i % 2]}", i % 2) for i in range(40)])
    write_csv(tmp_path / "test.csv", rows=[("a", 0), ("b", 1), ("c", -1)])
    with pytest.raises(InputError, match=r"test\.csv, row 3 \(line 4\), column 'label': label '-1' is none of"):
        count_rows(tmp_path)
    write_csv(tmp_path / "test.csv", rows=[("a", 0), ("b", ""), ("c", 1)])
    with pytest.raises(InputError, match=r"test\.csv, row 2 \(line 3\), column 'label': there is no label"):
        count_rows(tmp_path)


def test_minus_one_is_a_class_where_train_has_it(tmp_path):
    write_csv(tmp_path / "train.csv", rows=[(f"{i} word", i % 3 - 1) for i in range(60)])
    write_csv(tmp_path / "test.csv", rows=[(f"t{i} word", -1) for i in range(6)])
    splits = load_splits(DataConfig(dataset=str(tmp_path)))
    assert splits["train"].features["label"].names == ["-1", "0", "1"]
    assert splits["test"]["label"][:] == [0] * 6
