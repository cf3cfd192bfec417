"""Loads the rows to measure a model on."""

import functools
import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from datasets import Dataset

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import NO_COLUMNS, is_single, load_relabeled_splits, load_split, load_splits
from hf_lstm.errors import InputError
from hf_lstm.evaluation.known_rows import (
    explain_inherited,
    find_known_splits,
    holds_known_rows,
    inherit_columns,
    is_public_copy,
    is_same_source,
    load_earlier_texts,
    require_unchanged,
    warn_of_seen_rows,
)
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.places import IN_MEMORY, KNOWN_ROWS, SAMPLE, is_local, name_place
from hf_lstm.rows.columns import Columns, MissingLabelColumnError
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.label_feature import Labels

logger = logging.getLogger(__name__)

_EARLIER = {"train": (), "validation": ("train",), "test": ("train", "validation")}


@dataclass(frozen=True)
class EvaluationRows:
    """Holds the rows of a split, and the texts of earlier splits."""

    source: str
    """The data set's name, without folders of this machine."""
    dataset: Dataset
    """With the columns `text` and `label`, which is the model's class id."""
    is_own_data: bool
    """Whether the model was trained on the same data set, cut as here."""
    earlier_texts: Mapping[str, AbstractSet[str]] | None
    """The texts of the splits that were used before this one, by name: of train, and of validation, which the epoch and
    the temperature were chosen by. None if they are not at hand, or if these rows are train."""


def load_evaluation_rows(
    model: LSTMSentiment,
    split: str,
    *,
    source: str | InMemorySplits | None = None,
    columns: Columns = NO_COLUMNS,
    encoding: str | None = None,
    config: str | None = None,
) -> EvaluationRows:
    """Load the rows of a split of `source`.

    By default that is the data set that the model was trained on. It is cut as it was for training, so no row of train
    is measured as one of test; that it is the same is known by its name, or by the texts. A source of other data is not
    cut: it has the split, or is a single file or data frame and used whole. Columns are those that the run was told,
    unless `columns` names others.

    Raises:
        InputError: the source is unusable, its rows are those of train, or its labels are not the model's.
    """
    trained_on = model.training_data
    source = source or (trained_on or DataConfig()).dataset
    if source == IN_MEMORY:
        raise InputError("the model was trained on data in memory, which no name leads back to: pass the data")
    name, labels = IN_MEMORY if isinstance(source, InMemorySplits) else source, Labels.of_model(model.config)
    load_whole = functools.partial(load_split, source, split, encoding=encoding, config=config, labels=labels)
    if trained_on is None:
        rows = load_whole(columns=columns)
        return EvaluationRows(name_place(name), rows, is_own_data=False, earlier_texts=None)

    # Rows in memory may have no column names, and those of the sample are its own.
    has_names = source.names_columns if isinstance(source, InMemorySplits) else name != SAMPLE
    wanted = inherit_columns(columns, trained_on) if has_names else columns
    is_same = isinstance(source, str) and config in (None, trained_on.config)
    is_same = is_same and is_same_source(name, trained_on.dataset)
    own = replace(
        trained_on if has_names else trained_on.without_columns(),
        dataset=name,
        encoding=encoding or (trained_on.encoding if is_same else None),
        config=config or (trained_on.config if is_same else None),
    )
    known = {} if model.results is None else model.results.dataset.texts_sha256
    with explain_inherited(columns, trained_on if has_names else trained_on.without_columns()):
        if is_same:
            return _load_own_rows(model, split, source, own, columns, known)
        is_whole = is_single(source, config)
        if not is_whole and (holds_known_rows(own, source, known) if known else is_public_copy(own, model)):
            return _load_own_rows(model, split, source, own, columns, known)
        rows = load_whole(columns=wanted, label_separator=trained_on.label_separator)
        found = find_known_splits(rows["text"][:], known)
        if known and found == known.keys():
            return _load_own_rows(model, split, source, own, columns, known)
    if found & {"train", "validation"} and split not in found:
        raise InputError(
            f"{name}: these are the rows of {' and '.join(sorted(found))} that the model was trained on, so they can't "
            "stand for new ones; pass other rows, or say which split they are (--split, split= in Python)"
        )
    earlier_texts = None if split == "train" else load_earlier_texts(trained_on, known)
    if earlier_texts is not None:
        warn_of_seen_rows(rows["text"][:], earlier_texts, "the model's training")
    return EvaluationRows(name_place(name), rows, is_own_data=False, earlier_texts=earlier_texts)


def _load_own_rows(
    model: LSTMSentiment,
    split: str,
    source: str | InMemorySplits,
    config: DataConfig,
    columns: Columns,
    known: Mapping[str, str],
) -> EvaluationRows:
    """Load a split of the data that a model was trained on, cut as it was then.

    `columns` are those to read instead of the run's, and `known` is `texts_sha256` of its results.
    """
    in_memory, name = source if isinstance(source, InMemorySplits) else None, config.dataset
    try:
        splits = load_splits(config, in_memory)
    except MissingLabelColumnError:
        if columns.label is None or config.label_column is not None:
            raise
        # The same labels may be written in other columns here; whether they cut the same rows is looked at next.
        config = config.with_columns(columns.text, columns.label)
        splits = load_splits(config, in_memory)
    rows = splits[split]
    require_unchanged(name, split, rows["text"][:], known)
    logger.info("%s: the rows that the model was trained on, cut as they were then", name)
    labels = Labels.of_model(model.config)
    if columns != NO_COLUMNS or Labels.of_rows(rows) != labels:
        wanted = Columns(columns.text or config.text_column, columns.label or config.label_column)
        rows = load_relabeled_splits(config, wanted, labels, in_memory)[split]
    earlier_texts = {each: set(splits[each]["text"][:]) for each in _EARLIER[split]}
    return EvaluationRows(_name_own_rows(model, name), rows, is_own_data=True, earlier_texts=earlier_texts or None)


def _name_own_rows(model: LSTMSentiment, name: str) -> str:
    """Name the rows that a model was trained on, given as `name`: by their public name, if they have one."""
    if model.recipe is None or model.training_data is None:
        return name_place(name)
    told = model.recipe.data.dataset
    is_public = told in KNOWN_ROWS.values() or not is_local(model.training_data.dataset)
    return told if is_public and told != IN_MEMORY else name_place(name)
