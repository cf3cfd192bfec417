"""Writes small files of rows and texts, and counts what is read of them."""

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits

WORDS = ("dull", "lovely")


def list_rows(prefix, num_rows):
    return [(f"{prefix} {i} {WORDS[i % 2]}", ("neg", "pos")[i % 2]) for i in range(num_rows)]


def write_csv(path, num_rows=20, *, header="text,label", rows=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = rows or list_rows(path.stem, num_rows)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")


def count_rows(dataset, **settings):
    return {split: len(part) for split, part in load_splits(DataConfig(dataset=str(dataset), **settings)).items()}
