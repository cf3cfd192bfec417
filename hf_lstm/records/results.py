"""Defines the contents of results.json."""

import dataclasses
from collections.abc import Sequence

from hf_lstm.records.baseline import BaselineFacts
from hf_lstm.records.rows import RowFindings

MAX_MATRIX_LABELS = 100
"""The confusion matrix of more labels is not kept: it grows with the square of their number."""
MAX_SHOWN_MATRIX_LABELS = 20
"""A confusion matrix of more labels does not fit a page."""
MAX_TABLE_LABELS = 50
"""Tables of more labels than this show some of them."""
NUM_SELECTED_LABELS = 10
"""The most frequent labels that are shown then, and as many of the worst."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LabelFigures:
    """Says how well the rows of one label are recognized."""

    precision: float
    recall: float
    f1: float
    support: int
    """Rows with this label."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ConfusionMatrix:
    """Counts the rows of each true label by predicted label."""

    labels: list[str]
    rows: list[list[int]] = dataclasses.field(default_factory=list)
    """One list for each true label, with the count of each predicted label; none for more than `MAX_MATRIX_LABELS`."""

    def fits_page(self) -> bool:
        """Return whether there is a matrix, small enough to be read."""
        return bool(self.rows) and len(self.labels) <= MAX_SHOWN_MATRIX_LABELS


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class MultiLabelFigures:
    """Says how good a model is whose texts have any number of labels, over all labels of all rows together."""

    precision: float
    """Of all labels given, the share that is right (micro-averaged, like `recall` and `f1`)."""
    recall: float
    f1: float
    decisions_right: float
    """Of all decisions whether a row has a label, the share that is right (1 less the Hamming loss)."""
    num_rows_without: int
    """Rows that have no label."""
    thresholds: dict[str, float]
    """The least probability with which a row is given each label."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SplitFigures:
    """Says how good a model is on a split.

    Shares are from 0 to 1, losses in nats, both as means over rows. Calibrated figures are of the logits divided by the
    model's temperature, as in `predict_proba`. All others are of the logits as they are, so they can be compared with
    published ones.
    """

    loss: float
    expected_calibration_error: float
    calibrated_loss: float
    calibrated_expected_calibration_error: float
    num_rows: int
    accuracy: float
    """Share of the rows that are right: of those with any number of labels, that are given just these (subset
    accuracy)."""
    accuracy_interval: tuple[float, float]
    """Low and high end of the 95 % interval (Wilson)."""
    precision: float
    """The mean over labels, like `recall` and `f1`."""
    recall: float
    f1: float
    per_label: dict[str, LabelFigures]
    confusion_matrix: ConfusionMatrix
    """Of rows with any number of labels it has no counts."""
    multi_label: MultiLabelFigures | None = None
    """None where each row has one label."""
    unknown_tokens: float | None = None
    """The share of the tokens that the model reads and has no entry for; None in results of earlier versions."""

    @property
    def averages(self) -> "dict[str, SplitFigures | MultiLabelFigures]":
        """Return the precision, recall and F1 of all labels, by how they are averaged."""
        return {"mean of labels": self} | ({} if self.multi_label is None else {"labels together": self.multi_label})

    def select_labels(self) -> dict[str, LabelFigures]:
        """Select the labels that a table shows: all, or of many the most frequent ones and then the worst others."""
        if len(self.per_label) <= MAX_TABLE_LABELS:
            return self.per_label
        by_rows = sorted(self.per_label, key=lambda name: -self.per_label[name].support)
        others = [name for name in by_rows[NUM_SELECTED_LABELS:] if self.per_label[name].support]
        worst = sorted(others, key=lambda name: self.per_label[name].f1)[:NUM_SELECTED_LABELS]
        return {name: self.per_label[name] for name in (*by_rows[:NUM_SELECTED_LABELS], *worst)}

    def describe_selection(self, whole: str) -> str | None:
        """Say which labels `select_labels` selects, and that the file `whole` has all; None if it selects all."""
        if len(self.per_label) <= MAX_TABLE_LABELS:
            return None
        return (
            f"Of {len(self.per_label):,} labels, these are the {NUM_SELECTED_LABELS} with the most rows, and then the "
            f"{NUM_SELECTED_LABELS} with the lowest F1 of the others that have rows. {whole} has all of them."
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EpochFigures:
    """Says how good a model was in an epoch, on train or on validation."""

    loss: float
    """In nats."""
    accuracy: float
    """From 0 to 1."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Epoch:
    """Describes one pass over the training rows."""

    epoch: int
    """Counted from 1."""
    is_best: bool
    """Whether it was better on validation than all epochs before it."""
    train: EpochFigures
    """Measured during the epoch, with dropout. The loss is the one that is minimized."""
    validation: EpochFigures
    elapsed_s: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DatasetFacts:
    """Describes the rows of a run."""

    source: str
    """Hub id, folder, file, `sample`, or `data in memory`."""
    num_rows: dict[str, int]
    """By split."""
    duplicates: dict[str, int]
    """Counts of rows whose text is repeated, in the same or another split: see `count_duplicates`."""
    rows_sha256: str
    """Hash of the labeled texts of all the source's splits together, whatever their order and cut, with those that were
    left out: see `hash_rows`."""
    texts_sha256: dict[str, str] = dataclasses.field(default_factory=dict)
    """Hash of the texts of each split, whatever their order: see `hash_texts`. By it, evaluation knows them again."""
    unlabeled_sha256: str | None = None
    """Hash of the texts without labels that it learned from, as of `texts_sha256`; None if there were none."""
    num_unlabeled: int | None = None
    """Number of these texts; None where no such texts were looked for, and of an earlier version."""
    findings: RowFindings = dataclasses.field(default_factory=RowFindings)
    """Rows that harm the run, or the trust in its figures."""
    cuts: dict[str, str] = dataclasses.field(default_factory=dict)
    """How the splits were cut that the source lacks: sizes, rule and seed, in words."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ModelSize:
    """Says how large a model is."""

    num_parameters: int
    vocab_size: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class WordVectorFacts:
    """Describes the pretrained word vectors that an embedding started from."""

    source: str
    file: str
    is_frozen: bool
    num_found: int
    """Entries of the vocabulary that have a vector."""
    num_entries: int
    """Entries of the vocabulary."""
    share_of_vocabulary: float
    share_of_train_tokens: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BaseModelFacts:
    """Describes the model that a run fine-tuned."""

    source: str
    is_on_hub: bool
    weights_sha256: str
    keeps_classifier: bool
    is_language_model: bool | None = None
    """Whether it was a language model, of which a run has less than of a classifier; None of an earlier version."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RunResults:
    """Describes a run and its results, as results.json has them."""

    recipe: str
    command: str
    dataset: DatasetFacts
    weights_sha256: str
    """Of model.safetensors. All figures were measured with these weights."""
    model: ModelSize
    embeddings: WordVectorFacts | None = None
    init_from: BaseModelFacts | None = None
    seed: int
    device: str
    precision: str
    """The number format of training."""
    measured_in: str
    """The number format that the figures were computed in."""
    num_threads: int
    versions: dict[str, str]
    commit: str | None
    """Of the checkout, with `+changes` if its files were changed. None if the package was not run from a checkout."""
    epochs: list[Epoch]
    best_epoch: int
    temperature: float
    splits: dict[str, SplitFigures]
    baselines: list[BaselineFacts] = dataclasses.field(default_factory=list)
    """What simple models get that learned the same rows; empty if none was measured."""
    elapsed_s: float
    """From the start of the run until the model was measured."""

    def is_of_labels(self, label_names: Sequence[str]) -> bool:
        """Return whether the figures are of these labels, in the order of their ids."""
        return all(figures.confusion_matrix.labels == list(label_names) for figures in self.splits.values())
