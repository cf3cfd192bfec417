"""Loads labeled rows from any source, as train, validation and test."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets

from hf_lstm.config import DataConfig, TrainConfig
from hf_lstm.config.train import AUTO
from hf_lstm.data.groups import add_groups
from hf_lstm.data.splits import Splits, cut_official, cut_pooled
from hf_lstm.errors import InputError
from hf_lstm.records.places import IN_MEMORY
from hf_lstm.rows.columns import Columns
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.label_feature import Labels
from hf_lstm.sources.named_sources import find_files
from hf_lstm.sources.published import Request, load_published, select_split
from hf_lstm.sources.unlabeled import read_unlabeled

logger = logging.getLogger(__name__)

NO_COLUMNS = Columns()
_ROW = "row"


def load_splits(config: DataConfig, in_memory: InMemorySplits | None = None) -> Splits:
    """Load train, validation and test from any source.

    Their columns are `text` (string) and `label`: ClassLabel, or a list of it where texts have any number of labels.
    Splits that the source lacks, or that have no labels, are cut as `config` says. The same source always gives the
    same fingerprints. So a later `Dataset.map` finds its cache.

    Args:
        config: `config.dataset` is a Hub id, a folder, files, or `sample`.
        in_memory: rows to use instead of those that `config.dataset` names.

    Raises:
        InputError: the source is missing or unreachable, or one of its rows can't be used; the message names the row.
    """
    published = load_published(in_memory or config.dataset, _build_request(config)).splits
    if "train" not in published:
        raise InputError(f"{config.dataset}: training needs a train split; there is only {', '.join(published)}")
    return _cut(published, config)


def load_relabeled_splits(
    config: DataConfig, columns: Columns, labels: Labels, in_memory: InMemorySplits | None = None
) -> DatasetDict:
    """Load train, validation and test with other columns than those that they are cut by.

    Each split has the rows that `load_splits` gives it: so a row of train is not in test, whatever else is read of it.

    Args:
        config: the source, and how `load_splits` reads and cuts it.
        columns: those to read instead.
        labels: a model's, as in `load_split`.
        in_memory: as in `load_splits`.

    Raises:
        InputError: as for `load_splits`, or not all rows can be read with both pairs of columns.
    """
    source = in_memory or config.dataset
    request = _build_request(config)
    published = load_published(source, request).splits
    others = load_published(source, request._replace(columns=columns, labels=labels)).splits
    if {name: len(rows) for name, rows in published.items()} != {name: len(rows) for name, rows in others.items()}:
        raise InputError(f"{config.dataset}: not all rows have both these columns and those that the rows are cut by")
    numbered, start = {}, 0
    for name, rows in published.items():
        numbered[name] = rows.add_column(_ROW, np.arange(start, start + len(rows)))
        start += len(rows)
    cut = _cut(numbered, config)
    whole = concatenate_datasets([others[name] for name in published])
    return DatasetDict({name: whole.select(rows[_ROW][:]) for name, rows in cut.items()})


def load_unlabeled(config: TrainConfig, data: DataConfig, splits: Mapping[str, Dataset]) -> Sequence[str]:
    """Load the texts without labels that a run learns from; none of them stands in any split.

    Raises:
        InputError: they can't be read.
    """
    if not config.learns_from_unlabeled:
        return ()
    assert config.unlabeled is not None
    labeled = {text for split in splits.values() for text in split["text"][:]}
    texts = read_unlabeled(config.unlabeled, data, left_out=labeled)
    if len(texts):
        logger.info("unlabeled: %s texts", f"{len(texts):,}")
    return texts


def _cut(published: Mapping[str, Dataset], config: DataConfig) -> Splits:
    """Cut published splits as `config` says; groups become a third column of train."""
    if config.split != "official":
        return cut_pooled(published, config)
    if config.group_file is not None:
        published = {**published, "train": add_groups(published["train"], config)}
    return cut_official(published, config)


def load_split(
    source: str | InMemorySplits,
    split: str,
    *,
    columns: Columns = NO_COLUMNS,
    encoding: str | None = None,
    config: str | None = None,
    label_separator: str | None = AUTO,
    labels: Labels | None = None,
) -> Dataset:
    """Load one published split of any source.

    Its columns are those of `load_splits`. A source without splits, such as one file or one data frame, is loaded
    whole.

    Args:
        source: a Hub id, a folder, files, `sample`, or rows in memory.
        split: `train`, `validation` or `test`.
        columns: those of text and label; by default the first well-known names.
        encoding: that of text files; UTF-8 by default.
        config: the configuration, of a data set that has several.
        label_separator: as in `DataConfig`.
        labels: a model's. Rows may give the name or the id. Of two labels, they may also give neg, negative, pos or
            positive. Without `labels`, the classes are those that `load_splits` finds.

    Raises:
        InputError: as for `load_splits`; also if there is no such split, it has no labels, or a label is none of
            `labels`.
    """
    only = split if labels is not None else None  # without them, the classes are those of train
    published = load_published(source, Request(columns, encoding, config, labels, only, label_separator))
    name = IN_MEMORY if isinstance(source, InMemorySplits) else source
    return select_split(published.splits, "train" if published.is_whole else split, name)


def is_single(source: str | InMemorySplits, config: str | None = None) -> bool:
    """Return whether a source has no splits, such as one file or one data frame."""
    if isinstance(source, InMemorySplits):
        return source.whole_name is not None
    found = find_files(source, config)
    return found is not None and not found.has_split_names


def _build_request(config: DataConfig) -> Request:
    return Request(
        Columns(config.text_column, config.label_column),
        config.encoding,
        config.config,
        label_separator=config.label_separator,
    )
