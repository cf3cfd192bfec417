"""Loads the splits that a source has, before any is cut."""

import functools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import pyarrow as pa
from datasets import Dataset, Features, Value

from hf_lstm.config.train import AUTO
from hf_lstm.errors import InputError
from hf_lstm.rows.columns import LABEL_SEPARATOR, Columns, MissingLabelColumnError, MissingTextColumnError
from hf_lstm.rows.labels import LabeledTable, LabelMap
from hf_lstm.rows.multi_label import find_separator, require_all_marks, split_cells
from hf_lstm.rows.readers import read_arrow_table, read_file
from hf_lstm.sources.cache import PreparedTables, hash_datasets, hash_files, hash_tables, load_or_build
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.label_feature import Labels
from hf_lstm.sources.named_sources import find_files, load_hub_dataset

T = TypeVar("T")
_Readers = Mapping[str, Sequence[Callable[[], LabeledTable]]]

logger = logging.getLogger(__name__)


class Request(NamedTuple):
    """Says what to load of a source, and how to read it."""

    columns: Columns = Columns()
    encoding: str | None = None
    config: str | None = None
    labels: Labels | None = None
    """A model's. None takes those of train."""
    only: str | None = None
    """The only split to load, if the source has splits."""
    label_separator: str | None = AUTO
    """As `DataConfig.label_separator`."""


class Published(NamedTuple):
    """Holds the splits that a source has, with checked texts and class ids."""

    splits: dict[str, Dataset]
    is_whole: bool
    """Whether the source has no splits: then all rows are `train`."""


class _ReadTables(NamedTuple):
    """Holds the texts and labels of each split that has labels."""

    splits: dict[str, list[LabeledTable]]
    notes: list[str]
    """Which splits are left out, and why."""


def load_published(source: str | InMemorySplits, request: Request) -> Published:
    """Load the splits that a source has. What is left out, or read together, is logged.

    Raises:
        InputError: the source is missing or unreachable, or one of its rows can't be used; the message names the row.
    """
    columns, encoding, config, labels, only, separator = request
    if isinstance(source, InMemorySplits):
        if config is not None:
            raise InputError(f"data in memory have no configurations; leave out config={config!r}")
        read = _read_splits(source.list_readers(columns, encoding))
        key = hash_tables(read.splits, labels, separator, read.notes)
        return Published(_load_tables(key, lambda: _encode_labels(read, request)), source.whole_name is not None)
    found = find_files(source, config)
    if found is None:
        return Published(_load_hub(source, request), is_whole=False)
    _log_notes(found.notes)
    chosen = found.splits
    if only is not None and found.has_split_names:
        chosen = {only: select_split(chosen, only, source)}
    key = hash_files(chosen, tuple(columns), encoding, labels, separator)
    readers = {
        split: [functools.partial(read_file, path, columns, encoding) for path in paths]
        for split, paths in chosen.items()
    }
    splits = _load_tables(key, lambda: _encode_labels(_read_splits(readers), request))
    return Published(splits, not found.has_split_names)


def _load_hub(source: str, request: Request) -> dict[str, Dataset]:
    hub = load_hub_dataset(source, request.config, request.encoding)
    if request.only is not None:
        hub = {request.only: select_split(hub, request.only, source)}
    readers = {
        split: [
            functools.partial(
                read_arrow_table, f"{source}, split {split}", dataset.data.table, dataset.features, request.columns
            )
        ]
        for split, dataset in hub.items()
    }
    encoded = _encode_labels(_read_splits(readers), request)
    labeled = {split: hub[split] for split in encoded.splits}
    if all(
        data.features == Features.from_arrow_schema(encoded.splits[split].schema) for split, data in labeled.items()
    ):
        _log_notes(encoded.notes)
        return labeled  # checked, and nothing to change
    key = hash_datasets(hub, tuple(request.columns), request.labels, request.label_separator)
    return _load_tables(key, lambda: encoded)


def _load_tables(key: str, build: Callable[[], PreparedTables]) -> dict[str, Dataset]:
    splits, notes = load_or_build(key, build)
    _log_notes(notes)
    return splits


def _log_notes(notes: Sequence[str]) -> None:
    for note in notes:
        logger.warning("data: %s", note)


def select_split(splits: Mapping[str, T], split: str, source: str) -> T:
    """Return one of a source's splits.

    Raises:
        InputError: there is none of this name.
    """
    if split not in splits:
        raise InputError(f"{source}: there is no split {split!r} with labels; there is {', '.join(splits)}")
    return splits[split]


def _read_splits(readers: _Readers) -> _ReadTables:
    """Read the tables of each split. Splits beside train that have no column of labels are left out.

    Raises:
        InputError: a row can't be used; some files of a split have labels and others none; or their columns differ.
    """
    read: dict[str, list[LabeledTable]] = {}
    notes = []
    for split, readers_of_split in readers.items():
        tables, errors = [], []
        for reader in readers_of_split:
            try:
                tables.append(reader())
            except MissingLabelColumnError as error:
                errors.append(error)
            except MissingTextColumnError as error:
                if len(readers_of_split) == 1:
                    raise
                raise InputError(f"{error}; or, if this file is none of the data, name the others alone") from None
        if errors and (tables or split == "train" or len(readers) == 1):
            raise errors[0]
        if errors:
            notes.append(f"left out: the {split} split, as it has no labels ({errors[0]})")
            continue
        _require_same_columns(tables)
        read[split] = tables
    if not read:
        raise InputError("; ".join(notes))
    return _ReadTables(read, notes)


def _require_same_columns(tables: Sequence[LabeledTable]) -> None:
    for table in tables[1:]:
        first, other = ((found.text_column.strip(), found.label_column.strip()) for found in (tables[0], table))
        if first != other:
            raise InputError(
                f"{table.name}: its columns of text and label are {other}, but those of {tables[0].name} are {first}; "
                "files that are read together must have the same"
            )


def _encode_labels(read: _ReadTables, request: Request) -> PreparedTables:
    """Join the tables of each split, and turn labels into class ids. Splits without labels are left out.

    Raises:
        InputError: a label is missing or unknown, train has a single class, or no split has labels.
    """
    tables, notes_on_labels = _split_cells(read.splits, request)
    if request.labels is None:
        label_map = LabelMap.from_tables(_get_train(tables))
    else:
        label_map = LabelMap.from_model(request.labels.names)
    labels = Labels(label_map.names, is_multi=any(table.is_multi_label for each in tables.values() for table in each))
    schema = Features({"text": Value("string"), "label": labels.build_feature()}).arrow_schema
    encoded: dict[str, pa.Table] = {}
    notes = [*read.notes, *notes_on_labels]
    for split, tables_of_split in tables.items():
        if label_map.is_unlabeled(tables_of_split):
            name, column = tables_of_split[0].name, tables_of_split[0].label_column
            if len(tables) == 1:
                raise InputError(f"{name}, column {column!r}: no row has a label; choose another split or file")
            notes.append(f"left out: the {split} split, as none of its rows has a label in column {column!r}")
            continue
        encoded[split] = pa.concat_tables(
            pa.table([table.texts, label_map.encode(table)], schema=schema) for table in tables_of_split
        )
    return PreparedTables(encoded, notes)


def _split_cells(
    splits: Mapping[str, list[LabeledTable]], request: Request
) -> tuple[dict[str, list[LabeledTable]], list[str]]:
    """Split the cells of labels, where texts may have any number of labels: as a model has it, or train.

    Returns:
        The tables of each split, and what is to be told of the labels.

    Raises:
        InputError: cells are lists, but each text has one label; or columns of 0 and 1 leave out a label.
    """
    notes: list[str] = []
    if request.labels is None:
        separator, notes = find_separator(_get_train(splits), request.label_separator)
    elif request.labels.is_multi:
        for table in (table for tables in splits.values() for table in tables):
            require_all_marks(table, request.labels.names)
        separator = LABEL_SEPARATOR if request.label_separator in (None, AUTO) else request.label_separator
    else:
        separator = None
    if separator is not None:
        split_up = {
            split: tables if _is_blank(tables) else [split_cells(table, separator) for table in tables]
            for split, tables in splits.items()
        }
        return split_up, notes
    for table in (table for tables in splits.values() for table in tables if table.is_multi_label):
        raise InputError(
            f"{table.name}, column {table.label_column!r}: holds several labels, but each text has one of the classes "
            f"of {'train' if request.labels is None else 'the model'}"
        )
    return dict(splits), notes


def _is_blank(tables: Iterable[LabeledTable]) -> bool:
    """Return whether all cells of a split are blank: so are those of a test split that nobody labeled."""
    return all(
        not table.is_multi_label and not any(cell and cell.strip() for cell in table.labels.unique().to_pylist())
        for table in tables
    )


def _get_train(splits: Mapping[str, list[LabeledTable]]) -> list[LabeledTable]:
    """Return the tables that say which labels there are."""
    return splits.get("train", next(iter(splits.values())))
