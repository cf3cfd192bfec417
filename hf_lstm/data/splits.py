"""Cuts labeled rows into train, validation and test.

The same seed gives the same cut. Unless rows are pooled, no text is in both train and validation.
"""

import functools
import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets
from numpy.typing import NDArray

from hf_lstm.config import DataConfig
from hf_lstm.errors import InputError
from hf_lstm.sources.label_feature import list_strata, read_labels
from hf_lstm.sources.split_names import SPLITS

GROUP = "group"
"""A third column of train, if its rows are grouped: which group each is of, as a string."""
TEST_FRACTION = 0.1
"""Share of the distinct texts that becomes test, of a source without a test split."""

logger = logging.getLogger(__name__)


class Splits(DatasetDict):  # type: ignore[misc]  # `datasets` is not typed
    """Holds train, validation and test, and says how those were cut that the source lacks.

    Args:
        splits: the rows of a run.
        cuts: by split, in words.
        source: the source's own splits, with the rows that were left out.
    """

    def __init__(
        self, splits: Mapping[str, Dataset], cuts: Mapping[str, str], source: Mapping[str, Dataset] | None = None
    ) -> None:
        super().__init__(splits)
        self.cuts = dict(cuts)
        self._source = splits if source is None else source

    @functools.cached_property
    def rows_sha256(self) -> str:
        """Hash the source's rows, see `hash_rows`: so they are known again, however they are cut."""
        return hash_rows(self._source)


def cut_official(published: Mapping[str, Dataset], config: DataConfig) -> Splits:
    """Keep the published splits, and cut missing ones from train.

    Test keeps every published row. Validation loses the published rows whose text is in train, too. Where train has a
    column `group`, a validation that is cut from it consists of whole groups.

    Raises:
        InputError: there are too few texts to cut, or all validation texts are in train.
    """
    train, validation, test = (published.get(split) for split in SPLITS)
    assert train is not None
    cuts = {}
    seed = f"data.split_seed={config.split_seed}"
    num_distinct = len(set(_list_texts(train)))
    if test is None:
        train, test = cut_texts(train, TEST_FRACTION, config.split_seed, num_others=1 if validation is None else 0)
        is_multi_label = read_labels(train).ndim == 2
        of_each, kind = (", by their rarest label", "label") if is_multi_label else (" of each class", "class")
        share = f"{TEST_FRACTION:g} of the distinct texts{of_each}, at least one of a {kind} that has enough"
        cuts["test"] = f"{len(test):,} rows cut from train: {share}, {seed}"
    if config.drop_test_texts:
        told = "train rows are left out: their texts stand in test"
        train = _leave_out_texts(train, set(_list_texts(test)), told)
    if validation is None and GROUP in train.column_names:
        train, validation = _cut_groups(train, config.validation_fraction, config.split_seed)
        rule = f"whole groups, data.validation_fraction={config.validation_fraction:g}, {seed}; no text is in both"
        cuts["validation"] = f"{len(validation):,} rows cut from train: {rule}"
    elif validation is None:
        fraction = config.validation_fraction
        train, validation = _cut_validation(train, fraction, config.split_seed)
        rule = f"data.validation_fraction={fraction:g}, {seed}; no text is in both"
        cuts["validation"] = f"{len(validation):,} rows cut from train: {rule}"
    else:
        num_published = len(validation)
        told = "validation rows are left out: their texts stand in train"
        validation = _leave_out_texts(validation, set(_list_texts(train)), told)
        if not len(validation):
            raise InputError(
                f"{config.dataset}: the texts of all {num_published:,} validation rows stand in train, too; take these "
                "out of train, or leave validation out: then it is cut from train"
            )
    if not all(map(len, (train, validation, test))):
        raise InputError(
            f"{config.dataset}: has {num_distinct} distinct texts in train, too few to cut "
            f"{' and '.join(sorted(cuts))} from them, with a text in each; give more texts, or files of their own, "
            "such as validation.csv and test.csv"
        )
    return _log_cuts(Splits({"train": train, "validation": validation, "test": test}, cuts, published))


def cut_pooled(published: Mapping[str, Dataset], config: DataConfig) -> Splits:
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
    sizes = ", ".join(f"{len(rows):,} {split}" for split, rows in zip(SPLITS, parts, strict=True))
    if not all(map(len, parts)):
        raise InputError(
            f"{config.dataset}: {len(pooled)} rows with data.train_fraction={config.train_fraction:g} and "
            f"data.validation_fraction={config.validation_fraction:g} give {sizes} rows, but each split needs one: "
            "give more rows, or other fractions"
        )
    cut = f"all {len(pooled):,} rows pooled and cut into {sizes}: data.split={config.split}, data.split_seed="
    splits = {split: pooled.select(rows) for split, rows in zip(SPLITS, parts, strict=True)}
    return _log_cuts(Splits(splits, dict.fromkeys(SPLITS, f"{cut}{config.split_seed}")))


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

    The hash is the sum, modulo 2**256, of the SHA-256 of each row's class id and text. It has 64 hex digits. Of any
    number of labels, the ids stand in their order, with commas between.
    """
    total = 0
    for dataset in splits.values():
        for text, label in zip(_list_texts(dataset), _write_labels(dataset), strict=True):
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


def cut_texts(dataset: Dataset, fraction: float, seed: int, *, num_others: int) -> tuple[Dataset, Dataset]:
    """Cut a random share of each class's distinct texts from a data set; of any number of labels, see `list_strata`.

    A class gives at least one text, if it has one for each other split: for train, and for `num_others` more. If no
    class has, the largest one gives a text. A text that is repeated counts once, and takes all its rows along. No class
    is left without a text.

    Returns:
        The other rows and those that were cut. No text is in both.
    """
    texts, labels = _list_texts(dataset), list_strata(dataset)
    order = np.random.RandomState(seed).permutation(len(dataset))
    texts_of_label: dict[int, dict[str, None]] = {}  # dicts for their order
    seen: set[str] = set()
    for row in order:
        if texts[row] not in seen:
            seen.add(texts[row])
            texts_of_label.setdefault(int(labels[row]), {})[texts[row]] = None
    cut_texts: set[str] = set()
    for of_label in texts_of_label.values():
        num_cut = max(round(fraction * len(of_label)), int(len(of_label) >= 2 + num_others))
        cut_texts.update(list(of_label)[len(of_label) - min(num_cut, len(of_label) - 1) :])
    if not cut_texts and len(seen) >= 2 + num_others:
        largest = max(map(list, texts_of_label.values()), key=len)
        cut_texts.update(largest[1:][-1:])
    is_cut = np.array([texts[row] in cut_texts for row in order], dtype=bool)
    is_cut &= np.isin(labels[order], labels[order[~is_cut]])
    return dataset.select(order[~is_cut]), dataset.select(order[is_cut])


def _cut_validation(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """Cut validation from a data set; return train and validation.

    They are the head and the tail of a permutation. Rows of the tail whose text is in train, or whose class train would
    lack, go to train. If that leaves less than half of the rows, as of texts that are often repeated, or no row of a
    class that has two texts, `cut_texts` cuts instead.
    """
    texts, labels = _list_texts(dataset), list_strata(dataset)
    order: NDArray[np.int64] = np.random.RandomState(seed).permutation(len(dataset))
    num_cut = round(fraction * len(order))
    train_rows, validation_rows = np.split(order, [len(order) - num_cut])
    train_texts = {texts[row] for row in train_rows}
    goes_to_train = np.array([texts[row] in train_texts for row in validation_rows], dtype=bool)
    goes_to_train |= ~np.isin(labels[validation_rows], labels[train_rows])
    train_rows = np.concatenate([train_rows, validation_rows[goes_to_train]])
    validation_rows = validation_rows[~goes_to_train]
    num_texts = Counter(label for _, label in set(zip(texts, labels.tolist(), strict=True)))
    can_give = {label for label, count in num_texts.items() if count > 1}
    if 2 * len(validation_rows) < max(num_cut, 1) or not can_give <= set(labels[validation_rows].tolist()):
        return cut_texts(dataset, fraction, seed, num_others=0)
    return dataset.select(train_rows), dataset.select(validation_rows)


def _log_cuts(splits: Splits) -> Splits:
    is_pooled = len(splits.cuts) == len(SPLITS)
    for split, cut in splits.cuts.items() if not is_pooled else [("pooled", splits.cuts["train"])]:
        logger.info("data: %s: %s", split, cut)
    return splits


def _cut_groups(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """Cut validation from a data set with a column `group`; return train and validation.

    Validation takes whole groups in random order as long as they fit into `fraction` of the rows. Rows whose text is in
    train, or whose class train would lack, are left out.
    """
    groups, group_of_row = np.unique(dataset[GROUP][:], return_inverse=True)
    sizes = np.bincount(group_of_row)
    order = np.random.RandomState(seed).permutation(len(groups))
    is_taken = np.zeros(len(groups), dtype=bool)
    is_taken[order[sizes[order].cumsum() <= round(fraction * len(dataset))]] = True
    is_validation = is_taken[group_of_row]
    texts, labels = _list_texts(dataset), list_strata(dataset)
    train_texts = {text for text, is_out in zip(texts, is_validation, strict=True) if not is_out}
    is_repeated = np.array([text in train_texts for text in texts], dtype=bool)
    is_foreign = ~np.isin(labels, labels[~is_validation])
    return dataset.select(np.flatnonzero(~is_validation)), dataset.select(
        np.flatnonzero(is_validation & ~is_repeated & ~is_foreign)
    )


def _leave_out_texts(dataset: Dataset, texts: set[str], told: str) -> Dataset:
    rows = [row for row, text in enumerate(_list_texts(dataset)) if text not in texts]
    if len(rows) == len(dataset):
        return dataset
    logger.warning("%d %s", len(dataset) - len(rows), told)
    return dataset.select(rows)


def _write_labels(dataset: Dataset) -> list[str]:
    """Write the class id of each row, or its ids."""
    labels = read_labels(dataset)
    if labels.ndim == 1:
        return [str(label) for label in labels.tolist()]
    return [",".join(map(str, np.flatnonzero(of_row))) for of_row in labels]


def _list_texts(dataset: Dataset) -> list[str]:
    texts: list[str] = dataset["text"][:]
    return texts
