"""Data that cannot be read are one clear error, early."""

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from published_rows import make_rows, to_parquet, write_csv

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError


def test_unlabeled_rows_are_refused_in_every_split(tmp_path):
    for split in ("train", "test"):
        folder = tmp_path / split
        folder.mkdir()
        for name in ("train", "test"):
            rows = make_rows(name, 10) + ([("unlabeled", -1)] if name == split else [])
            (folder / f"{name}.parquet").write_bytes(to_parquet(rows))
        with pytest.raises(
            InputError, match=rf"{split}\.parquet, row 11, column 'label': null or -1 marks a row without"
        ):
            load_splits(DataConfig(dataset=str(folder)))


def test_a_class_that_train_lacks_is_refused(tmp_path):
    write_csv(tmp_path / "train.csv", [("a", "x"), ("b", "y")])
    write_csv(tmp_path / "test.csv", [("c", "x"), ("d", "z")])
    with pytest.raises(InputError, match=r"test\.csv, row 2 \(line 3\), column 'label': label 'z' is none of"):
        load_splits(DataConfig(dataset=str(tmp_path)))


def test_a_text_that_is_null_is_refused(tmp_path):
    pq.write_table(pa.table({"text": ["a", None], "label": [0, 1]}), tmp_path / "reviews.parquet")
    with pytest.raises(InputError, match=r"reviews\.parquet, row 2, column 'text': there is no text \(null\)"):
        load_splits(DataConfig(dataset=str(tmp_path / "reviews.parquet")))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("reviews.pdf", b"x", r"reviews\.pdf: unknown file type '\.pdf'; expected one of \.txt, \.csv, "),
        ("reviews.csv.zip", b"x", r"unknown file type '\.csv\.zip'; expected .* or a text file with one of \.gz"),
        ("reviews.xlsx", b"\0x", r"reviews\.xlsx: can't be read as a spreadsheet"),
        ("reviews.ods", b"", r"reviews\.ods: the file is empty"),
        ("reviews.txt", b"x", r"reviews\.txt: a text file has no labels; expected a table"),
        ("reviews.csv", b"", r"reviews\.csv: the file is empty"),
        ("reviews.csv", b"text,label\n", r"reviews\.csv: there are no rows"),
        ("reviews.parquet", b"\0no parquet", r"reviews\.parquet: can't be read as Parquet"),
        ("reviews.arrow", b"\0no arrow", r"reviews\.arrow: can't be read as Arrow"),
        ("reviews.parquet", to_parquet(make_rows("a", 4), has_class_names=False)[:-20], "can't be read as Parquet"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=expected) as caught:
        load_splits(DataConfig(dataset=str(tmp_path / name)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("text", pa.array([1, 2]), "column 'text': holds int64 values, but texts must be strings"),
        ("label", pa.array([{"a": 1}] * 2), "column 'label': holds struct<.*> values, but each row needs one class"),
        (
            "label",
            pa.array([[0.5], [1.0]]),
            "column 'label': holds lists of double; expected lists of names or ids; of ",
        ),
        ("label", pa.array([[0, 1, 0], [1, 1, 0]]), "row 1, column 'label': a label stands twice in .*; of lists of 0"),
    ],
)
def test_columns_of_other_types_are_refused(tmp_path, column, values, expected):
    table = pa.table({"text": ["a", "b"], "label": [0, 1]} | {column: values})
    pq.write_table(table, tmp_path / "reviews.parquet")
    with pytest.raises(InputError, match=expected):
        load_splits(DataConfig(dataset=str(tmp_path / "reviews.parquet")))


@pytest.mark.parametrize("source", ["missing.csv", "./missing", "/no/such/folder", "~/no/such/folder", "a/b/c"])
def test_missing_files_are_not_taken_for_a_hub_id(source):
    with pytest.raises(InputError, match=r": there is no such file or folder; pass --dataset sample"):
        load_splits(DataConfig(dataset=source))


def test_folders_without_data_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no data set found there: .*; expected .*train\.csv and test\.csv"):
        load_splits(DataConfig(dataset=str(tmp_path)))
    write_csv(tmp_path / "test.csv", make_rows("a", 10))
    with pytest.raises(InputError, match="training needs a train split; there is only test"):
        load_splits(DataConfig(dataset=str(tmp_path)))


def test_an_unwritable_cache_is_named(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "reviews.csv", make_rows("some", 50))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "reviews.csv")
    with pytest.raises(InputError, match=r"can't keep the prepared rows \(Not a directory\); .*HF_DATASETS_CACHE"):
        load_splits(DataConfig(dataset=path))
