"""Defines the settings of the data."""

import dataclasses
from typing import Any, Literal

from hf_lstm.config.checks import check_types, require


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DataConfig:
    """Sets which rows a run uses, and how they become train, validation and test."""

    dataset: str = "stanfordnlp/imdb"
    """A data set on the Hub, a folder, files, or `sample`, which is 6,600 reviews inside the package. Several files are
    a pattern such as `reviews/*.csv`, or their names with blanks between, in quotes where a name has a blank."""
    config: str | None = None
    """Name of the configuration, of a data set that has several. `none` takes its only one, or its default."""
    encoding: str | None = None
    """Encoding of text files, such as `cp1252` or `gb18030`. `none` is UTF-8."""
    text_column: str | None = None
    """Name of the column with the texts. `none` takes the first well-known name, such as `text` or `review`."""
    label_column: str | None = None
    """Name of the column with the labels. `none` takes the first well-known name, such as `label` or `sentiment`.
    Several names with commas between are columns of 0 and 1, one for each label that a text may have."""
    label_separator: str | None = "auto"
    """What stands between the labels of a text that may have any number of them. `auto`: labels are lists, or `|`
    stands between them in cells of train, of which two share a label; else each text has one label. `none`: each text
    has one, whatever is in its cell, and lists or several columns are refused."""
    group_file: str | None = None
    """A table that says what each row of train is about, in the order of the rows, or found by a column
    `text_sha256_16`. Validation is then cut so that what it is about stands nowhere in train; so are the rows for
    `train.teachers=ngrams`."""
    group_column: str | None = None
    """Name of the column of `group_file` to go by; a `.txt` file has none."""
    drop_test_texts: bool = False
    """Leave out the rows of train whose text stands in test, too."""
    split: Literal["official", "pooled", "pooled_test_first"] = "official"
    """How rows are split. `official`: keep the data set's own splits, and cut missing ones from train.
    `pooled`: join train, validation and test, shuffle all rows, and cut train, validation and test from them, in this
    order. `pooled_test_first`: the same, but cut test, train and validation, as scikit-learn's `train_test_split`."""
    train_fraction: float = 0.7
    """Share of the pooled rows that becomes train, 0 to 1. Not used with `split=official`."""
    validation_fraction: float = 0.2
    """Share of the rows that becomes validation, 0 to 1: of train with `split=official`, else of the pooled rows."""
    split_seed: int = 0
    """Seed that shuffles rows before they are cut, by `numpy.random.RandomState(split_seed).permutation(n)`."""

    def __post_init__(self) -> None:
        check_types(self, "data")
        require(self.label_separator != "", "data.label_separator", "", "none, auto, or what stands between labels")
        require(0 < self.validation_fraction < 1, "data.validation_fraction", self.validation_fraction, "0 < x < 1")
        require(0 < self.train_fraction < 1, "data.train_fraction", self.train_fraction, "0 < x < 1")
        require(0 <= self.split_seed < 2**32, "data.split_seed", self.split_seed, "0 <= x < 2**32")
        if self.group_file is None:
            require(self.group_column is None, "data.group_column", self.group_column, "none without data.group_file")
        if self.split != "official":
            require(self.group_file is None, "data.group_file", self.group_file, "none unless data.split=official")
            require(not self.drop_test_texts, "data.drop_test_texts", True, "false unless data.split=official")
            total = self.train_fraction + self.validation_fraction
            require(total < 1, "data.train_fraction + data.validation_fraction", total, "less than 1: test needs rows")

    def with_columns(
        self,
        text_column: str | None,
        label_column: str | None,
        *,
        encoding: str | None = None,
        config: str | None = None,
    ) -> "DataConfig":
        """Return the settings with other columns, encoding and configuration; None keeps what there is."""
        return dataclasses.replace(
            self,
            text_column=text_column or self.text_column,
            label_column=label_column or self.label_column,
            encoding=encoding or self.encoding,
            config=config or self.config,
        )

    def without_columns(self) -> "DataConfig":
        """Return the settings without columns, for rows whose columns have no names."""
        return dataclasses.replace(self, text_column=None, label_column=None)


def join_columns(names: Any) -> Any:
    """Join a list of names of columns to the one text that settings have; what is no such list stays as it is."""
    is_list = isinstance(names, (list, tuple)) and bool(names) and all(isinstance(name, str) for name in names)
    return ",".join(names) if is_list else names
