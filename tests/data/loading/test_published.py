"""The sample, the Hub, and the data as they are published."""

import hashlib
import os
import subprocess
import sys

import datasets
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, Value
from local_hub import Fault
from published_rows import FEATURES, check_imdb, rows_of, write_imdb

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits
from hf_lstm.data.row_checks import count_duplicates
from hf_lstm.errors import InputError


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
