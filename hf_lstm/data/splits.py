"""Decides which rows are train, validation and test.

The same seed gives the same cut. Unless rows are pooled, no text is in both train and validation.
"""

import functools
import logging
from collections.abc import Mapping

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets

from hf_lstm.config import DataConfig
from hf_lstm.data.cutting import GROUP, cut_groups, cut_texts, cut_validation
from hf_lstm.data.digests import hash_rows
from hf_lstm.errors import InputError
from hf_lstm.sources.label_feature import read_labels
from hf_lstm.sources.split_names import SPLITS

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
    num_distinct = len(set(train["text"][:]))
    if test is None:
        train, test = cut_texts(train, TEST_FRACTION, config.split_seed, num_others=1 if validation is None else 0)
        is_multi_label = read_labels(train).ndim == 2
        of_each, kind = (", by their rarest label", "label") if is_multi_label else (" of each class", "class")
        share = f"{TEST_FRACTION:g} of the distinct texts{of_each}, at least one of a {kind} that has enough"
        cuts["test"] = f"{len(test):,} rows cut from train: {share}, {seed}"
    if config.drop_test_texts:
        told = "train rows are left out: their texts stand in test"
        train = _leave_out_texts(train, set(test["text"][:]), told)
    if validation is None and GROUP in train.column_names:
        train, validation = cut_groups(train, config.validation_fraction, config.split_seed)
        rule = f"whole groups, data.validation_fraction={config.validation_fraction:g}, {seed}; no text is in both"
        cuts["validation"] = f"{len(validation):,} rows cut from train: {rule}"
    elif validation is None:
        fraction = config.validation_fraction
        train, validation = cut_validation(train, fraction, config.split_seed)
        rule = f"data.validation_fraction={fraction:g}, {seed}; no text is in both"
        cuts["validation"] = f"{len(validation):,} rows cut from train: {rule}"
    else:
        num_published = len(validation)
        told = "validation rows are left out: their texts stand in train"
        validation = _leave_out_texts(validation, set(train["text"][:]), told)
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


def _log_cuts(splits: Splits) -> Splits:
    is_pooled = len(splits.cuts) == len(SPLITS)
    for split, cut in splits.cuts.items() if not is_pooled else [("pooled", splits.cuts["train"])]:
        logger.info("data: %s: %s", split, cut)
    return splits


def _leave_out_texts(dataset: Dataset, texts: set[str], told: str) -> Dataset:
    rows = [row for row, text in enumerate(dataset["text"][:]) if text not in texts]
    if len(rows) == len(dataset):
        return dataset
    logger.warning("%d %s", len(dataset) - len(rows), told)
    return dataset.select(rows)
