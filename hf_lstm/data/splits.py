"""Cuts labeled rows into train, validation and test.

The same seed gives the same cut. Unless rows are pooled, no text is in both train and validation.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets
from numpy.typing import NDArray

from hf_lstm.config import DataConfig
from hf_lstm.errors import InputError

SPLITS = ("train", "validation", "test")
TEST_FRACTION = 0.1
"""Share of the distinct texts that becomes test, of a source without a test split."""

logger = logging.getLogger(__name__)


def cut_official(published: Mapping[str, Dataset], config: DataConfig) -> DatasetDict:
    """Keep the published splits, and cut missing ones from train.

    Test keeps every published row. Validation loses the published rows whose text is in train, too.

    Raises:
        InputError: there are too few rows to cut, or all validation texts are in train.
    """
    train, validation, test = (published.get(split) for split in SPLITS)
    assert train is not None
    if test is None:
        train, test = _cut_test(train, config.split_seed)
    if validation is None:
        train, validation = _cut_validation(train, config.validation_fraction, config.split_seed)
    else:
        validation = _leave_out_texts(validation, set(_list_texts(train)))
    return _check_sizes(DatasetDict(train=train, validation=validation, test=test), config)


def cut_pooled(published: Mapping[str, Dataset], config: DataConfig) -> DatasetDict:
    """Join all published rows, shuffle them, and cut them anew.

    The rows of train come first, then validation, then test. Their new order is
    `numpy.random.RandomState(split_seed).permutation(n)`, the same as of pandas'
    `sample(frac=1, random_state=split_seed)`. The first rows become train, the next validation, the last test. With
    `pooled_test_first`, the first become test, as with scikit-learn's
    `train_test_split(rows, random_state=split_seed)`, and the last validation, as with Keras. A text that is repeated
    may be in several splits.

    Raises:
        InputError: there are too few rows to cut.
    """
    pooled = concatenate_datasets([published[split] for split in SPLITS if split in published])
    num_train = round(config.train_fraction * len(pooled))
    num_validation = round(config.validation_fraction * len(pooled))
    order = np.random.RandomState(config.split_seed).permutation(len(pooled))
    if config.split == "pooled_test_first":
        order = np.roll(order, num_train + num_validation - len(order))
    parts = np.split(order, [num_train, num_train + num_validation])
    splits = DatasetDict({split: pooled.select(rows) for split, rows in zip(SPLITS, parts, strict=True)})
    return _check_sizes(splits, config)


def count_duplicates(splits: Mapping[str, Dataset]) -> dict[str, int]:
    """Count the rows whose text is repeated, within and across splits.

    `within_train` counts the rows of train beyond the first of each text. `test_in_train` counts the rows of test whose
    text is in train, too. The others are named likewise.
    """
    texts = {split: _list_texts(dataset) for split, dataset in splits.items()}
    distinct = {split: set(values) for split, values in texts.items()}
    counts = {f"within_{split}": len(texts[split]) - len(distinct[split]) for split in texts}
    for first, second in (("train", "validation"), ("train", "test"), ("validation", "test")):
        if first in texts and second in texts:
            counts[f"{second}_in_{first}"] = sum(text in distinct[first] for text in texts[second])
    return counts


def hash_rows(splits: Mapping[str, Dataset]) -> str:
    """Hash the rows of all splits, whatever their order and cut.

    The hash is the sum, modulo 2**256, of the SHA-256 of each row's class id and text. It has 64 hex digits.
    """
    total = 0
    for dataset in splits.values():
        labels = dataset.with_format("numpy")["label"][:].tolist()
        for text, label in zip(_list_texts(dataset), labels, strict=True):
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


def _cut_test(dataset: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    """Cut test, a random tenth of each class's texts, from a data set.

    Return the other rows and those of test. No text is in both.
    """
    texts, labels = _list_texts(dataset), dataset.with_format("numpy")["label"][:]
    order = np.random.RandomState(seed).permutation(len(dataset))
    texts_of_label: dict[int, dict[str, None]] = {}  # dicts for their order
    seen: set[str] = set()
    for row in order:
        if texts[row] not in seen:
            seen.add(texts[row])
            texts_of_label.setdefault(int(labels[row]), {})[texts[row]] = None
    test_texts: set[str] = set()
    for of_label in texts_of_label.values():
        test_texts.update(list(of_label)[len(of_label) - round(TEST_FRACTION * len(of_label)) :])
    is_test = np.array([texts[row] in test_texts for row in order], dtype=bool)
    return dataset.select(order[~is_test]), dataset.select(order[is_test])


def _cut_validation(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """Cut validation from a data set; return train and validation.

    They are the head and the tail of a permutation. Rows of the tail whose text is in train, or whose class train would
    lack, go to train.
    """
    texts, labels = _list_texts(dataset), dataset.with_format("numpy")["label"][:]
    order: NDArray[np.int64] = np.random.RandomState(seed).permutation(len(dataset))
    train_rows, validation_rows = np.split(order, [len(order) - round(fraction * len(order))])
    train_texts = {texts[row] for row in train_rows}
    goes_to_train = np.array([texts[row] in train_texts for row in validation_rows], dtype=bool)
    goes_to_train |= ~np.isin(labels[validation_rows], labels[train_rows])
    train_rows = np.concatenate([train_rows, validation_rows[goes_to_train]])
    return dataset.select(train_rows), dataset.select(validation_rows[~goes_to_train])


def _leave_out_texts(dataset: Dataset, texts: set[str]) -> Dataset:
    rows = [row for row, text in enumerate(_list_texts(dataset)) if text not in texts]
    if len(rows) == len(dataset):
        return dataset
    logger.warning("%d validation rows are left out: their texts stand in train", len(dataset) - len(rows))
    return dataset.select(rows)


def _list_texts(dataset: Dataset) -> list[str]:
    texts: list[str] = dataset["text"][:]
    return texts


def _check_sizes(splits: DatasetDict, config: DataConfig) -> DatasetDict:
    if not all(len(dataset) for dataset in splits.values()):
        sizes = ", ".join(f"{len(dataset)} {split}" for split, dataset in splits.items())
        raise InputError(
            f"{config.dataset}: gives {sizes} rows, but each split needs at least one: give more rows, "
            "larger fractions, or a validation split without the texts of train"
        )
    return splits
