"""Loads labeled texts from wherever people have them, as train, validation and test with one fixed set of columns."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from hf_lstm.config import DataConfig
from hf_lstm.data.cache import hash_datasets, hash_files, load_or_build
from hf_lstm.data.columns import LabeledTable, LabelMap
from hf_lstm.data.readers import read_arrow_table, read_file
from hf_lstm.data.sources import find_files, is_single_file, load_hub_dataset
from hf_lstm.data.splits import count_duplicates, cut_official, cut_pooled, digest_rows
from hf_lstm.errors import InputError

T = TypeVar("T")

__all__ = ["count_duplicates", "digest_rows", "load_split", "load_splits"]


def load_splits(config: DataConfig, *, text_column: str | None = None, label_column: str | None = None) -> DatasetDict:
    """Return train, validation and test of any source, with the columns `text` (string) and `label` (ClassLabel).

    Splits that the source lacks are cut as `config` says. The same source gives the same fingerprints again, so that a
    later `Dataset.map` finds its cache.

    Args:
        config: `config.dataset` is a Hub id, a folder, a file (CSV, TSV, JSON Lines, JSON, Parquet), or `sample`.
        text_column: the column that holds the texts; by default the first of the well-known names.
        label_column: likewise for the labels.

    Raises:
        InputError: the source is missing or unreachable, or a row of it can't be used; the message names the row.
    """
    published = _load_published(config.dataset, text_column, label_column)
    if "train" not in published:
        raise InputError(f"{config.dataset}: training needs a train split; there is only {', '.join(published)}")
    return (cut_official if config.split == "official" else cut_pooled)(published, config)


def load_split(
    source: str,
    split: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_names: Sequence[str] | None = None,
) -> Dataset:
    """Return one published split of any source, with the columns `text` (string) and `label` (ClassLabel).

    A single file has no splits: all its rows are returned.

    Args:
        source: a Hub id, a folder, a file, or `sample`.
        split: `train`, `validation` or `test`.
        text_column: the column that holds the texts; by default the first of the well-known names.
        label_column: likewise for the labels.
        label_names: a model's labels in the order of their ids. The rows may give the name or the id, and for one of
            two labels also neg, negative, pos or positive. Without them the classes are those `load_splits` finds.

    Raises:
        InputError: as for `load_splits`; also if there is no such split, or a label is none of `label_names`.
    """
    if is_single_file(source):
        split = "train"
    only = split if label_names is not None else None  # without them, the classes are those of train
    published = _load_published(source, text_column, label_column, label_names, only)
    return _pick(published, split, source)[split]


def _load_published(
    source: str,
    text_column: str | None,
    label_column: str | None,
    label_names: Sequence[str] | None = None,
    only_split: str | None = None,
) -> dict[str, Dataset]:
    """Return the splits that the source has, in the form that all code after this relies on."""
    columns = (text_column, label_column)
    files = find_files(source)
    if files is not None:
        chosen = files if only_split is None else _pick(files, only_split, source)
        key = hash_files(chosen, columns, label_names)
        return load_or_build(key, chosen, lambda: _encode(_read_files(chosen, *columns), label_names))
    hub = load_hub_dataset(source)
    hub = hub if only_split is None else _pick(hub, only_split, source)
    tables = {
        split: [read_arrow_table(f"{source}, split {split}", dataset.data.table, dataset.features, *columns)]
        for split, dataset in hub.items()
    }
    encoded = _encode(tables, label_names)
    if all(dataset.features == Features.from_arrow_schema(encoded[split].schema) for split, dataset in hub.items()):
        return hub  # checked, and nothing to change
    return load_or_build(hash_datasets(hub, columns, label_names), hub, lambda: encoded)


def _pick(splits: Mapping[str, T], split: str, source: str) -> dict[str, T]:
    if split not in splits:
        raise InputError(f"{source}: there is no split {split!r}; there is {', '.join(splits)}")
    return {split: splits[split]}


def _read_files(files: Mapping[str, Sequence[Path]], *columns: str | None) -> dict[str, list[LabeledTable]]:
    return {split: [read_file(path, *columns) for path in paths] for split, paths in files.items()}


def _encode(tables: Mapping[str, Sequence[LabeledTable]], label_names: Sequence[str] | None) -> dict[str, pa.Table]:
    """Return the tables of each split as one, with class ids for labels.

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
