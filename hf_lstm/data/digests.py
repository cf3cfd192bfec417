"""Hashes rows and texts, so that data are known again whatever their order and cut."""

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
from datasets import Dataset

from hf_lstm.sources.label_feature import read_labels


def hash_rows(splits: Mapping[str, Dataset]) -> str:
    """Hash the rows of all splits, whatever their order and cut.

    The hash is the sum, modulo 2**256, of the SHA-256 of each row's class id and text. It has 64 hex digits. Of any
    number of labels, the ids stand in their order, with commas between.
    """
    total = 0
    for dataset in splits.values():
        for text, label in zip(dataset["text"][:], _write_labels(dataset), strict=True):
            total += _hash_string(f"{label} {text}")
    return _format_hash(total)


def hash_texts(texts: Iterable[str]) -> str:
    """Hash texts, whatever their order and labels.

    The hash is the sum, modulo 2**256, of the SHA-256 of each text. It has 64 hex digits.
    """
    return _format_hash(sum(map(_hash_string, texts)))


def add_hashes(hashes: Iterable[str]) -> str:
    """Add hashes of `hash_texts`: that of all texts together."""
    return _format_hash(sum(int(digits, 16) for digits in hashes))


def _hash_string(string: str) -> int:
    return int.from_bytes(hashlib.sha256(string.encode("utf-8", errors="surrogatepass")).digest(), "big")


def _format_hash(total: int) -> str:
    return f"{total % 2**256:064x}"


def _write_labels(dataset: Dataset) -> list[str]:
    """Write the class id of each row, or its ids."""
    labels = read_labels(dataset)
    if labels.ndim == 1:
        return [str(label) for label in labels.tolist()]
    return [",".join(map(str, np.flatnonzero(of_row))) for of_row in labels]
