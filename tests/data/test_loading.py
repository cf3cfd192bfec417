"""Every source people have gives the same three splits with the same two columns, or one clear error early."""

import csv
import hashlib
import json
import os
import subprocess
import sys

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from local_hub import Fault

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_split, load_splits
from hf_lstm.data.row_checks import count_duplicates
from hf_lstm.errors import InputError
from hf_lstm.sources.label_feature import Labels

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
IMDB_README = """---
configs:
- config_name: plain_text
  data_files:
  - {split: train, path: plain_text/train-*}
  - {split: test, path: plain_text/test-*}
  - {split: unsupervised, path: plain_text/unsupervised-*}
  default: true
---
"""


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("datasets-cache")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder)
    return folder


def make_rows(prefix, n):
    return [(f"{prefix} text {i}", i % 2) for i in range(n)]


def to_parquet(rows, *, has_class_names=True):
    texts, labels = zip(*rows, strict=True)
    schema = FEATURES.arrow_schema if has_class_names else pa.schema({"text": pa.string(), "label": pa.int64()})
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": texts, "label": labels}, schema=schema), sink)
    return sink.getvalue().to_pybytes()


def write_csv(path, rows, header=("text", "label")):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter="\t" if path.suffix == ".tsv" else ",").writerows([header, *rows])
    return str(path)


def write_imdb(folder, *, readme=IMDB_README):
    (folder / "plain_text").mkdir(parents=True)
    for split, rows in imdb_splits().items():
        (folder / "plain_text" / f"{split}-00000-of-00001.parquet").write_bytes(to_parquet(rows))
    if readme:
        (folder / "README.md").write_text(readme)
    return folder


def imdb_splits():
    unlabeled = [(f"unlabeled {i}", -1) for i in range(5)]
    return {"train": make_rows("train", 40), "test": make_rows("test", 10), "unsupervised": unlabeled}


def rows_of(*parts):
    return sorted((row["text"], row["label"]) for part in parts for row in part)


def check_imdb(splits):
    assert list(splits) == ["train", "validation", "test"]
    assert all(split.features == FEATURES for split in splits.values())
    assert (len(splits["train"]), len(splits["validation"])) == (32, 8)
    assert rows_of(splits["train"], splits["validation"]) == sorted(imdb_splits()["train"])
    assert rows_of(splits["test"]) == sorted(imdb_splits()["test"])


# folders and files


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


# the sample


def test_the_sample_is_balanced_and_without_a_repeated_text():
    splits = load_splits(DataConfig(dataset="sample"))
    assert {split: len(part) for split, part in splits.items()} == {"train": 5000, "validation": 800, "test": 800}
    assert all(part.features == FEATURES for part in splits.values())
    assert all(2 * sum(part["label"][:]) == len(part) for part in splits.values())
    assert set(count_duplicates(splits).values()) == {0}


def test_the_sample_is_cut_from_the_published_splits(shared_data):
    sample = load_splits(DataConfig(dataset="sample"))
    for split, origin in (("train", "train"), ("validation", "train"), ("test", "test")):
        published = pq.read_table(shared_data / "imdb" / "plain_text" / f"{origin}-00000-of-00001.parquet").to_pylist()
        assert set(rows_of(sample[split])) <= {(row["text"], row["label"]) for row in published}


def test_train_and_validation_of_the_sample_share_no_movie(shared_data):
    sample = load_splits(DataConfig(dataset="sample"))
    published = pq.read_table(shared_data / "imdb-movies" / "train.parquet")
    movie_of = dict(zip(published["text_sha256_16"].to_pylist(), published["movie"].to_pylist(), strict=True))
    movies = {
        split: {movie_of[hashlib.sha256(text.encode()).hexdigest()[:16]] for text in sample[split]["text"][:]}
        for split in ("train", "validation")
    }
    assert movies["train"].isdisjoint(movies["validation"])


# the Hub


def test_the_default_data_set_is_loaded_from_the_hub_without_the_unlabeled_split(hub, tmp_path):
    hub.add_repo("stanfordnlp/imdb", repo_type="dataset", folder=write_imdb(tmp_path / "imdb"))
    splits = load_splits(DataConfig())
    check_imdb(splits)
    assert any("plain_text/train" in request.path for request in hub.requests)
    assert not any("unsupervised" in request.path for request in hub.requests)
    again = load_splits(DataConfig())
    assert [part._fingerprint for part in again.values()] == [part._fingerprint for part in splits.values()]


LOAD_FROM_CACHES = """
import sys, datasets
from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits
for datasets.config.HF_DATASETS_CACHE in sys.argv[1:]:
    print({name: len(split) for name, split in load_splits(DataConfig()).items()})
"""


def test_offline_uses_what_was_cached(hub, tmp_path, monkeypatch):
    """Whether this package cached it or the library by itself did."""
    hub.add_repo("stanfordnlp/imdb", repo_type="dataset", folder=write_imdb(tmp_path / "imdb"))
    caches = {"ours": load_splits, "theirs": lambda config: datasets.load_dataset("stanfordnlp/imdb")}
    for folder, load in caches.items():
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / folder)
        load(DataConfig())
    num_requests = len(hub.requests)
    command = [sys.executable, "-c", LOAD_FROM_CACHES, *(str(tmp_path / folder) for folder in caches)]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    result = subprocess.run(command, env=offline, check=True, capture_output=True, text=True)
    assert result.stdout.splitlines() == ["{'train': 32, 'validation': 8, 'test': 10}"] * 2
    assert len(hub.requests) == num_requests


def test_a_csv_of_the_hub_keeps_the_text_na(hub):
    content = "review,stars\n" + "".join(f"text {i},{i % 3}\n" for i in range(60)) + "NA,1\n"
    hub.add_repo("someone/reviews", repo_type="dataset", files={"train.csv": content.encode()})
    splits = load_splits(DataConfig(dataset="someone/reviews"))
    assert ("NA", 1) in rows_of(*splits.values())
    assert splits["test"].features == Features({"text": Value("string"), "label": ClassLabel(names=["0", "1", "2"])})


def test_hub_errors_are_one_line_with_a_way_out(hub, monkeypatch):
    hub.add_repo("someone/gated", repo_type="dataset", files={"train.csv": b"text,label\n"}, gated=True)
    hub.add_repo("someone/empty", repo_type="dataset", files={"README.md": b"Nothing yet."})
    hub.add_repo("someone/ragged", repo_type="dataset", files={"train.csv": b"text,label\na,1\nb,2,3\n"})
    errors = {
        "someone/gated": r"is gated on the Hub: accept its terms at http.*/datasets/someone/gated, and log in with",
        "someone/empty": r"can't be read as a data set \(.*doesn't contain any data files\); pass --dataset sample",
        "someone/ragged": r"can't be read as a data set \(.*Expected 2 fields in line 3, saw 3\); pass --dataset",
        "two words": r"is no file or folder here, and can't be a Hub id \(.*\); pass --dataset sample",
        "no/such": r"is neither a file or folder here nor on the Hub, or is private there: .* or pass --dataset sample",
    }
    for source, expected in errors.items():
        with pytest.raises(InputError, match=f"^{source}: {expected}") as caught:
            load_splits(DataConfig(dataset=source))
        assert "\n" not in str(caught.value)
    hub.add_repo("stanfordnlp/imdb", repo_type="dataset", files={"train.csv": b"text,label\n"})
    hub.inject("info", Fault("status", status=503), forever=True)
    with pytest.raises(InputError, match=r"the Hub answers 503 .*; or pass --dataset sample, a folder or a file$"):
        load_splits(DataConfig())
    hub.inject("resolve", Fault("drop"), forever=True)
    with pytest.raises(InputError, match=r"does not answer .*; or pass --dataset sample, a folder or a file$"):
        load_splits(DataConfig())
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"no earlier run has cached it .* or pass --dataset sample, a folder"):
        load_splits(DataConfig())


# one split, for a model that exists


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


# what is refused


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


# the real data


def test_imdb_has_the_published_sizes_and_duplicates(shared_data):
    official = load_splits(DataConfig(dataset=str(shared_data / "imdb")))
    assert len(official["train"]) + len(official["validation"]) == 25_000
    counts = count_duplicates(official)
    assert counts["validation_in_train"] == 0
    assert counts["within_train"] + counts["within_validation"] == 96
    assert counts["within_test"] == 199
    assert counts["test_in_train"] + counts["test_in_validation"] == 123
    config = DataConfig(
        dataset=str(shared_data / "imdb"), split="pooled", train_fraction=0.7, validation_fraction=0.1, split_seed=12
    )
    assert [len(part) for part in load_splits(config).values()] == [35_000, 5_000, 10_000]


def test_the_real_csv_of_kaggle(shared_data):
    (path,) = (shared_data / "kaggle").glob("*.csv")
    splits = load_splits(DataConfig(dataset=str(path)))
    assert splits["train"].features["label"].names == ["negative", "positive"]
    assert sum(len(part) for part in splits.values()) == 3_180
