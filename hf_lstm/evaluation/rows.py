"""Loads the rows to measure a model on."""

import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from datasets import Dataset

from hf_lstm.config import DataConfig
from hf_lstm.data.columns import Columns
from hf_lstm.data.loading import NO_COLUMNS, load_split, load_splits
from hf_lstm.data.sources import IN_MEMORY, InMemorySplits
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment


@dataclass(frozen=True)
class EvaluationRows:
    """Holds the rows of a split, and the texts of earlier splits."""

    source: str
    """The data set's name."""
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
) -> EvaluationRows:
    """Load the rows of a split of `source`.

    By default that is the data set that the model was trained on. It is cut as it was for training, so no row of train
    is measured as one of test. Its columns are those of training, too, unless `columns` names others. A source of
    other data is not cut: it has the split, or is a single file or data frame and used whole.

    Raises:
        InputError: the source is unusable, or its labels are not the model's.
    """
    label_names = model.config.label_names
    trained_on = None if model.recipe is None else model.recipe.data
    source = source or (trained_on or DataConfig()).dataset
    if isinstance(source, InMemorySplits):
        rows = load_split(source, split, label_names=label_names, columns=columns)
        return EvaluationRows(IN_MEMORY, rows, is_own_data=False, earlier_texts=None)
    if source == IN_MEMORY:
        raise InputError("the model was trained on data in memory, which no name leads back to: pass the data")
    if trained_on is None or not _is_same_source(source, trained_on.dataset):
        rows = load_split(source, split, label_names=label_names, columns=columns)
        return EvaluationRows(source, rows, is_own_data=False, earlier_texts=None)
    splits = load_splits(trained_on.with_columns(*columns))
    found = splits[split].features["label"].names
    if found != label_names:
        raise InputError(
            f"{source}: its labels are {', '.join(found)}, but the model's are {', '.join(label_names)}; pass --dataset"
        )
    earlier = {"train": (), "validation": ("train",), "test": ("train", "validation")}[split]
    earlier_texts = {name: set(splits[name]["text"][:]) for name in earlier}
    return EvaluationRows(source, splits[split], is_own_data=True, earlier_texts=earlier_texts or None)


def _is_same_source(first: str, second: str) -> bool:
    """Return whether two names or paths mean the same data set."""
    return first == second or (os.path.exists(first) and os.path.realpath(first) == os.path.realpath(second))
