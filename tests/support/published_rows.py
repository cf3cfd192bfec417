"""Rows in the files that people publish them in, and the splits that they are."""

import csv

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features, Value

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
