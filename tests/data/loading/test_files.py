"""Files and folders of every kind give the same three splits with the same two columns."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict, Value
from published_rows import FEATURES, IMDB_README, check_imdb, imdb_splits, make_rows, rows_of, write_csv, write_imdb

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits


@pytest.mark.parametrize("readme", [IMDB_README, None])
def test_a_folder_laid_out_as_on_the_hub(tmp_path, readme):
    check_imdb(load_splits(DataConfig(dataset=str(write_imdb(tmp_path / "imdb", readme=readme)))))


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_folder_of_delimited_files(tmp_path, suffix):
    for split, rows in imdb_splits().items():
        if split != "unsupervised":
            named = [(text, ["neg", "pos"][label]) for text, label in rows]
            write_csv(tmp_path / f"{split}{suffix}", named)
    check_imdb(load_splits(DataConfig(dataset=str(tmp_path))))


def test_a_folder_of_json_lines_with_validation(tmp_path):
    for split, n in (("train", 12), ("validation", 4), ("test", 6)):
        rows = [{"text": text, "label": label} for text, label in make_rows(split, n)]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    splits = load_splits(DataConfig(dataset=str(tmp_path)))
    assert {split: rows_of(part) for split, part in splits.items()} == {
        split: sorted(make_rows(split, n)) for split, n in (("train", 12), ("validation", 4), ("test", 6))
    }
    assert splits["test"].features["label"].names == ["0", "1"]


def test_a_folder_that_save_to_disk_wrote(tmp_path):
    parts = {split: rows for split, rows in imdb_splits().items() if split != "unsupervised"}
    saved = {
        split: Dataset.from_dict({"text": [t for t, _ in rows], "label": [y for _, y in rows]}, features=FEATURES)
        for split, rows in parts.items()
    }
    DatasetDict(saved).save_to_disk(tmp_path / "saved")
    check_imdb(load_splits(DataConfig(dataset=str(tmp_path / "saved"))))


def test_the_csv_of_kaggle(tmp_path):
    rows = [(f'He said: "{i}",<br />\nor NA', ["negative", "positive"][i % 2]) for i in range(50)]
    path = write_csv(tmp_path / "IMDB Dataset.csv", rows, header=("review", "sentiment"))
    splits = load_splits(DataConfig(dataset=path))
    names = splits["train"].features["label"].names
    assert names == ["negative", "positive"]
    assert {split: len(part) for split, part in splits.items()} == {"train": 37, "validation": 9, "test": 4}
    assert sorted((text, names[label]) for text, label in rows_of(*splits.values())) == sorted(rows)


@pytest.mark.parametrize("stars", [(1, 2, 3, 4, 5), ("bad", "good", "so-so")])
def test_any_classes_in_columns_of_any_name(tmp_path, stars):
    rows = [(i, stars[i % len(stars)], f"text {i}") for i in range(100)]
    path = write_csv(tmp_path / "reviews.tsv", rows, header=("id", "opinion", "words"))
    splits = load_splits(DataConfig(dataset=path, text_column="words", label_column="opinion"))
    assert splits["train"].features["label"].names == [str(star) for star in stars]
    assert sorted(text for text, _ in rows_of(*splits.values())) == sorted(text for _, _, text in rows)


def test_parquet_of_other_types(tmp_path):
    table = pa.table({
        "review": pa.array([f"text {i}" for i in range(30)], pa.large_string()),
        "stars": pa.array([float(i % 3) for i in range(30)]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "reviews.parquet")
    splits = load_splits(DataConfig(dataset=str(tmp_path / "reviews.parquet")))
    assert splits["train"].features["label"].names == ["0", "1", "2"]
    assert splits["train"].features["text"] == Value("string")


def test_pooled_cuts_all_labeled_rows_anew(tmp_path):
    config = DataConfig(
        dataset=str(write_imdb(tmp_path / "imdb")), split="pooled", validation_fraction=0.1, split_seed=12
    )
    splits = load_splits(config)
    assert {split: len(part) for split, part in splits.items()} == {"train": 35, "validation": 5, "test": 10}
    assert rows_of(*splits.values()) == sorted(imdb_splits()["train"] + imdb_splits()["test"])


def test_a_second_load_reads_nothing_anew_and_keeps_the_caches_of_maps(tmp_path, empty_cache, monkeypatch):
    path = write_csv(tmp_path / "reviews.csv", make_rows("some", 50))
    first = load_splits(DataConfig(dataset=path))
    monkeypatch.setattr("hf_lstm.sources.published._read_splits", None)
    again = load_splits(DataConfig(dataset=path))
    for split in first:
        assert first[split]._fingerprint == again[split]._fingerprint
        assert first[split].cache_files[0]["filename"].startswith(str(empty_cache))


def test_fingerprints_follow_from_the_content_alone(tmp_path, empty_cache):
    fingerprints = []
    for name in ("a.csv", "b.csv"):
        path = write_csv(tmp_path / name, make_rows("some", 50))
        fingerprints.append(load_splits(DataConfig(dataset=path))["test"]._fingerprint)
        for file in empty_cache.rglob("*.arrow"):
            file.unlink()
    assert fingerprints[0] == fingerprints[1]


def test_changed_content_is_read_anew(tmp_path):
    path = tmp_path / "reviews.csv"
    write_csv(path, make_rows("one", 50))
    load_splits(DataConfig(dataset=str(path)))
    write_csv(path, make_rows("two", 50))
    assert rows_of(*load_splits(DataConfig(dataset=str(path))).values()) == sorted(make_rows("two", 50))
