"""The settings of the data: which rows are used, and how they are cut."""

import dataclasses
from typing import Literal

from hf_lstm.config.checks import check_types, require


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DataConfig:
    """Which rows are used, and how they become train, validation and test."""

    dataset: str = "stanfordnlp/imdb"
    """Hub id, folder, file, or `sample`."""
    text_column: str | None = None
    """Column of the texts; by default the first well-known name, such as `text` or `review`."""
    label_column: str | None = None
    """Column of the labels; by default the first well-known name, such as `label` or `sentiment`."""
    split: Literal["official", "pooled", "pooled_test_first"] = "official"
    """`official`: the data set's own splits, validation taken from train where there is none.
    `pooled`: all labeled rows (train, then validation, then test) permuted and cut anew into train, validation, test.
    `pooled_test_first`: into test, train, validation, as scikit-learn's `train_test_split` cuts."""
    train_fraction: float = 0.7
    """Share of the pooled rows that become train; unused with `official`."""
    validation_fraction: float = 0.2
    """Share of train (`official`) or of the pooled rows that becomes validation."""
    split_seed: int = 0
    """Seed of `numpy.random.RandomState(split_seed).permutation(n)`, which orders the rows."""

    def __post_init__(self) -> None:
        check_types(self, "data")
        require(0 < self.validation_fraction < 1, "data.validation_fraction", self.validation_fraction, "0 < x < 1")
        require(0 < self.train_fraction < 1, "data.train_fraction", self.train_fraction, "0 < x < 1")
        require(0 <= self.split_seed < 2**32, "data.split_seed", self.split_seed, "0 <= x < 2**32")
        if self.split != "official":
            total = self.train_fraction + self.validation_fraction
            require(total < 1, "data.train_fraction + data.validation_fraction", total, "less than 1: test needs rows")

    def with_columns(self, text_column: str | None, label_column: str | None) -> "DataConfig":
        """Return the settings with other columns; None leaves one as it is."""
        return dataclasses.replace(
            self, text_column=text_column or self.text_column, label_column=label_column or self.label_column
        )
