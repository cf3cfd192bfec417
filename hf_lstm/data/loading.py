"""Loads labeled rows from any source, as train, validation and test."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, concatenate_datasets

from hf_lstm.config import DataConfig
from hf_lstm.data.cache import hash_datasets, hash_files, hash_tables, load_or_build
from hf_lstm.data.columns import Columns, LabeledTable, LabelMap
from hf_lstm.data.readers import read_arrow_table, read_file
from hf_lstm.data.sources import IN_MEMORY, InMemorySplits, find_files, is_single_file, load_hub_dataset
from hf_lstm.data.splits import cut_official, cut_pooled
from hf_lstm.errors import InputError

T = TypeVar("T")
NO_COLUMNS = Columns()
_ROW = "row"


def load_splits(config: DataConfig, in_memory: InMemorySplits | None = None) -> DatasetDict:
    """Load train, validation and test from any source.

    Their columns are `text` (string) and `label` (ClassLabel). Splits that the source lacks are cut as `config` says.
    The same source always gives the same fingerprints. So a later `Dataset.map` finds its cache.

    Args:
        config: `config.dataset` is a Hub id, a folder, a file (CSV, TSV, JSON Lines, JSON, Parquet), or `sample`.
        in_memory: rows to use instead of those that `config.dataset` names.

    Raises:
        InputError: the source is missing or unreachable, or one of its rows can't be used; the message names the row.
    """
    published = _load_published(in_memory or config.dataset, Columns(config.text_column, config.label_column))
    if "train" not in published:
        raise InputError(f"{config.dataset}: training needs a train split; there is only {', '.join(published)}")
    return (cut_official if config.split == "official" else cut_pooled)(published, config)


def load_relabeled_splits(
    config: DataConfig, columns: Columns, label_names: Sequence[str], in_memory: InMemorySplits | None = None
) -> DatasetDict:
    """Load train, validation and test with other columns than those that they are cut by.

    Each split has the rows that `load_splits` gives it: so a row of train is not in test, whatever else is read of it.

    Args:
        config: the source, and how `load_splits` reads and cuts it.
        columns: those to read instead.
        label_names: a model's labels, as in `load_split`.
        in_memory: as in `load_splits`.

    Raises:
        InputError: as for `load_splits`, or not all rows can be read with both pairs of columns.
    """
    source = in_memory or config.dataset
    published = _load_published(source, Columns(config.text_column, config.label_column))
    others = _load_published(source, columns, label_names)
    if {name: len(rows) for name, rows in published.items()} != {name: len(rows) for name, rows in others.items()}:
        raise InputError(f"{config.dataset}: not all rows have both these columns and those that the rows are cut by")
    numbered, start = {}, 0
    for name, rows in published.items():
        numbered[name] = rows.add_column(_ROW, np.arange(start, start + len(rows)))
        start += len(rows)
    cut = (cut_official if config.split == "official" else cut_pooled)(numbered, config)
    whole = concatenate_datasets([others[name] for name in published])
    return DatasetDict({name: whole.select(rows[_ROW][:]) for name, rows in cut.items()})


def load_split(
    source: str | InMemorySplits, split: str, *, columns: Columns = NO_COLUMNS, label_names: Sequence[str] | None = None
) -> Dataset:
    """Load one published split of any source.

    Its columns are `text` (string) and `label` (ClassLabel). A source without splits, such as one file or one data
    frame, is loaded whole.

    Args:
        source: a Hub id, a folder, a file, `sample`, or rows in memory.
        split: `train`, `validation` or `test`.
        columns: those of text and label; by default the first well-known names.
        label_names: a model's labels, in the order of their ids. Rows may give the name or the id. Of two labels, they
            may also give neg, negative, pos or positive. Without `label_names`, the classes are those that
            `load_splits` finds.

    Raises:
        InputError: as for `load_splits`; also if there is no such split, or a label is none of `label_names`.
    """
    if is_single(source):
        split = "train"
    only = split if label_names is not None else None  # without them, the classes are those of train
    published = _load_published(source, columns, label_names, only)
    return _select_split(published, split, IN_MEMORY if isinstance(source, InMemorySplits) else source)[split]


def is_single(source: str | InMemorySplits) -> bool:
    """Return whether a source has no splits, such as one file or one data frame."""
    return source.whole_name is not None if isinstance(source, InMemorySplits) else is_single_file(source)


def _load_published(
    source: str | InMemorySplits,
    columns: Columns,
    label_names: Sequence[str] | None = None,
    only_split: str | None = None,
) -> dict[str, Dataset]:
    """Load the splits that the source has, with checked texts and class ids."""
    if isinstance(source, InMemorySplits):
        tables_in_memory = source.read(columns)
        key = hash_tables(tables_in_memory, label_names)
        return load_or_build(key, tables_in_memory, lambda: _encode_labels(tables_in_memory, label_names))
    files = find_files(source)
    if files is not None:
        chosen = files if only_split is None else _select_split(files, only_split, source)
        key = hash_files(chosen, tuple(columns), label_names)
        return load_or_build(key, chosen, lambda: _encode_labels(_read_files(chosen, columns), label_names))
    hub = load_hub_dataset(source)
    hub = hub if only_split is None else _select_split(hub, only_split, source)
    tables = {
        split: [read_arrow_table(f"{source}, split {split}", dataset.data.table, dataset.features, columns)]
        for split, dataset in hub.items()
    }
    encoded = _encode_labels(tables, label_names)
    if all(dataset.features == Features.from_arrow_schema(encoded[split].schema) for split, dataset in hub.items()):
        return hub  # checked, and nothing to change
    return load_or_build(hash_datasets(hub, tuple(columns), label_names), hub, lambda: encoded)


def _select_split(splits: Mapping[str, T], split: str, source: str) -> dict[str, T]:
    if split not in splits:
        raise InputError(f"{source}: there is no split {split!r}; there is {', '.join(splits)}")
    return {split: splits[split]}


def _read_files(files: Mapping[str, Sequence[Path]], columns: Columns) -> dict[str, list[LabeledTable]]:
    return {split: [read_file(path, columns) for path in paths] for split, paths in files.items()}


def _encode_labels(
    tables: Mapping[str, Sequence[LabeledTable]], label_names: Sequence[str] | None
) -> dict[str, pa.Table]:
    """Join the tables of each split, and turn labels into class ids.

    Raises:
        InputError: a label is missing or unknown, or train has a single class.
    """
    if label_names is None:
        label_map = LabelMap.from_tables(tables.get("train", next(iter(tables.values()))))
    else:
        label_map = LabelMap.from_model(label_names)
    schema = Features({"text": Value("string"), "label": ClassLabel(names=list(label_map.names))}).arrow_schema
    return {
        split: pa.concat_tables(
            pa.table([table.texts, label_map.encode(table)], schema=schema) for table in tables_of_split
        )
        for split, tables_of_split in tables.items()
    }
