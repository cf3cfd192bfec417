"""Cuts labeled rows into train, validation and test: reproducibly, and with no text in both train and validation."""

import hashlib
import logging
from collections.abc import Mapping

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets
from numpy.typing import NDArray

from hf_lstm.config import DataConfig
from hf_lstm.errors import InputError

SPLITS = ("train", "validation", "test")
TEST_FRACTION = 0.1
"""Share of the distinct texts of a source without a test split that becomes test."""

logger = logging.getLogger(__name__)


def cut_official(published: Mapping[str, Dataset], config: DataConfig) -> DatasetDict:
    """Return train, validation and test as published; what the source lacks is cut from its train split.

    Test keeps every published row. Published validation rows whose text also stands in train are left out.

    Raises:
        InputError: there are too few rows to cut, or all validation texts stand in train.
    """
    train, validation, test = (published.get(split) for split in SPLITS)
    assert train is not None
    if test is None:
        train, test = _cut_test(train, config.split_seed)
    if validation is None:
        train, validation = _cut_validation(train, config.validation_fraction, config.split_seed)
    else:
        validation = _leave_out_texts(validation, set(_texts(train)))
    return _check_sizes(DatasetDict(train=train, validation=validation, test=test), config)


def cut_pooled(published: Mapping[str, Dataset], config: DataConfig) -> DatasetDict:
    """Return all rows (train, then validation, then test) permuted and cut anew; repeated texts stay where they fall.

    The order is `numpy.random.RandomState(split_seed).permutation(n)`, which is also what pandas'
    `sample(frac=1, random_state=split_seed)` gives. With `pooled_test_first`, test comes first in it, as with
    scikit-learn's `train_test_split(rows, random_state=split_seed)`, and validation last, as with Keras.

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
    """Return how many rows repeat a text: `within_<split>` of the same split, `<split>_in_<split>` of another.

    `within_train` counts the rows beyond the first of each text; `test_in_train` the test rows whose text stands in
    train.
    """
    texts = {split: _texts(dataset) for split, dataset in splits.items()}
    distinct = {split: set(values) for split, values in texts.items()}
    counts = {f"within_{split}": len(texts[split]) - len(distinct[split]) for split in texts}
    for first, second in (("train", "validation"), ("train", "test"), ("validation", "test")):
        if first in texts and second in texts:
            counts[f"{second}_in_{first}"] = sum(text in distinct[first] for text in texts[second])
    return counts


def digest_rows(splits: Mapping[str, Dataset]) -> str:
    """Return 64 hex digits that tell which labeled texts the splits hold together, in whatever order and cut.

    The sum, modulo 2**256, of the SHA-256 of each row's class id and text.
    """
    total = 0
    for dataset in splits.values():
        labels = dataset.with_format("numpy")["label"][:].tolist()
        for text, label in zip(_texts(dataset), labels, strict=True):
            row = f"{label} {text}".encode("utf-8", errors="surrogatepass")
            total += int.from_bytes(hashlib.sha256(row).digest(), "big")
    return f"{total % 2**256:064x}"


def _cut_test(dataset: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    """Return the rows without and with those of a random tenth of each class's texts; no text is in both."""
    texts, labels = _texts(dataset), dataset.with_format("numpy")["label"][:]
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
    """Return train and validation: the head and the tail of a permutation.

    Validation rows whose text stands in train, or whose class train would lack, go to train.
    """
    texts, labels = _texts(dataset), dataset.with_format("numpy")["label"][:]
    order: NDArray[np.int64] = np.random.RandomState(seed).permutation(len(dataset))
    train_rows, validation_rows = np.split(order, [len(order) - round(fraction * len(order))])
    train_texts = {texts[row] for row in train_rows}
    goes_to_train = np.array([texts[row] in train_texts for row in validation_rows], dtype=bool)
    goes_to_train |= ~np.isin(labels[validation_rows], labels[train_rows])
    train_rows = np.concatenate([train_rows, validation_rows[goes_to_train]])
    return dataset.select(train_rows), dataset.select(validation_rows[~goes_to_train])


def _leave_out_texts(dataset: Dataset, texts: set[str]) -> Dataset:
    rows = [row for row, text in enumerate(_texts(dataset)) if text not in texts]
    if len(rows) == len(dataset):
        return dataset
    logger.warning("%d validation rows are left out: their texts stand in train", len(dataset) - len(rows))
    return dataset.select(rows)


def _texts(dataset: Dataset) -> list[str]:
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
