"""Says what labels rows have: one class each, or any number of labels."""

from typing import Any, NamedTuple

import numpy as np
from datasets import ClassLabel, Dataset, List
from numpy.typing import NDArray

from hf_lstm.config import ModelConfig
from hf_lstm.config.model import MULTI_LABEL, SINGLE_LABEL, ProblemType


class Labels(NamedTuple):
    """Names the labels of a data set or of a model."""

    names: tuple[str, ...]
    """In the order of their ids."""
    is_multi: bool = False
    """Whether a text has any number of them, and not just one."""

    @classmethod
    def of_rows(cls, rows: Dataset) -> "Labels":
        """Return the labels of rows with a column `label`."""
        feature = rows.features["label"]
        is_multi = isinstance(feature, List)
        return cls(tuple((feature.feature if is_multi else feature).names), is_multi)

    @classmethod
    def of_model(cls, config: ModelConfig) -> "Labels":
        """Return the labels of a model."""
        return cls(tuple(config.label_names), config.is_multi_label)

    @property
    def problem_type(self) -> ProblemType:
        """Return what the config of a model calls this kind of labels."""
        return MULTI_LABEL if self.is_multi else SINGLE_LABEL

    def build_feature(self) -> Any:
        """Build the feature of a column `label`."""
        names = ClassLabel(names=list(self.names))
        return List(names) if self.is_multi else names


def read_labels(rows: Dataset) -> NDArray[np.int64]:
    """Read the class ids of rows, (num_rows,); of any number of labels, (num_rows, num_labels) of 0 and 1."""
    labels = Labels.of_rows(rows)
    if not labels.is_multi:
        return np.asarray(rows.with_format("numpy")["label"][:], dtype=np.int64)
    marks = np.zeros((len(rows), len(labels.names)), dtype=np.int64)
    for row, ids in enumerate(rows["label"][:]):
        marks[row, ids] = 1
    return marks


def list_strata(rows: Dataset) -> NDArray[np.int64]:
    """List the class of each row, (num_rows,); of any number of labels, its rarest one, or a class of its own for none.

    Cutting each of these classes in the same way leaves every label on both sides, where it has enough rows.
    """
    labels = read_labels(rows)
    if labels.ndim == 1:
        return labels
    counts = labels.sum(axis=0)
    by_count = np.where(labels == 1, counts, len(labels) + 1)
    strata: NDArray[np.int64] = np.where(labels.any(axis=1), by_count.argmin(axis=1), labels.shape[1])
    return strata
