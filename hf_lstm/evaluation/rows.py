"""The rows that a saved model is measured on: those of its own data cut as for training, others whole."""

import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from datasets import Dataset

from hf_lstm.config import DataConfig
from hf_lstm.data.columns import Columns
from hf_lstm.data.loading import NO_COLUMNS, load_split, load_splits
from hf_lstm.data.sources import IN_MEMORY, HeldSplits
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment


@dataclass(frozen=True)
class HeldOutRows:
    """The rows of a split, and what the model has seen."""

    source: str
    """The data set's name."""
    rows: Dataset
    """With the columns `text` and `label`, the model's class ids."""
    is_own_data: bool
    """Whether the model was trained on the same data set, cut as here."""
    seen: Mapping[str, AbstractSet[str]] | None
    """The texts of the splits used before this one: train, and validation, by which the epoch and the temperature are
    chosen; None if they are not at hand, or these rows are train."""


def load_held_out(
    model: LSTMSentiment,
    split: str,
    *,
    source: str | HeldSplits | None = None,
    columns: Columns = NO_COLUMNS,
) -> HeldOutRows:
    """Return the rows of a split of `source`, by default the data set that the model was trained on.

    That one is cut as it was then: no row of train is measured as one of test. Its columns are those of then, unless
    others are named.

    Raises:
        InputError: the source is unusable, or its labels are not the model's.
    """
    label_names = model.config.label_names
    trained_on = None if model.recipe is None else model.recipe.data
    source = source or (trained_on or DataConfig()).dataset
    if isinstance(source, HeldSplits):
        rows = load_split(source, split, label_names=label_names, columns=columns)
        return HeldOutRows(IN_MEMORY, rows, is_own_data=False, seen=None)
    if source == IN_MEMORY:
        raise InputError("the model was trained on data in memory, which no name leads back to: pass the data")
    if trained_on is None or not _is_same_source(source, trained_on.dataset):
        rows = load_split(source, split, label_names=label_names, columns=columns)
        return HeldOutRows(source, rows, is_own_data=False, seen=None)
    splits = load_splits(trained_on.with_columns(*columns))
    found = splits[split].features["label"].names
    if found != label_names:
        raise InputError(
            f"{source}: its labels are {', '.join(found)}, but the model's are {', '.join(label_names)}; pass --dataset"
        )
    earlier = {"train": (), "validation": ("train",), "test": ("train", "validation")}[split]
    seen = {name: set(splits[name]["text"][:]) for name in earlier}
    return HeldOutRows(source, splits[split], is_own_data=True, seen=seen or None)


def _is_same_source(first: str, second: str) -> bool:
    """Return whether two names mean the same data set, as names or as paths."""
    return first == second or (os.path.exists(first) and os.path.realpath(first) == os.path.realpath(second))
