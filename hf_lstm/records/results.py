"""Defines what results.json says of a run."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LabelFigures:
    """How well the rows of one label are told from the others."""

    precision: float
    recall: float
    f1: float
    support: int
    """Rows with this label."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ConfusionMatrix:
    """How many rows of each true label were given each predicted one."""

    labels: list[str]
    rows: list[list[int]]
    """A row for each true label, with a count for each predicted one."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SplitFigures:
    """How good a model is on a split; shares from 0 to 1, losses in nats, all as means over rows.

    What is not called calibrated is of the logits as they stand, comparable with what others publish; the rest is of
    the logits divided by the model's temperature, which `predict_proba` answers from.
    """

    loss: float
    expected_calibration_error: float
    calibrated_loss: float
    calibrated_expected_calibration_error: float
    num_rows: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    """Low and high end of the 95 % interval (Wilson)."""
    precision: float
    """The mean over the labels, as are `recall` and `f1`."""
    recall: float
    f1: float
    per_label: dict[str, LabelFigures]
    confusion_matrix: ConfusionMatrix


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EpochFigures:
    """How good a model was in an epoch, on train or on validation."""

    loss: float
    accuracy: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Epoch:
    """One pass over the training rows."""

    epoch: int
    """Counted from 1."""
    is_best: bool
    """Whether none before it was as good on validation."""
    train: EpochFigures
    """What was seen on the way, dropout included; the loss is the one that is minimized."""
    validation: EpochFigures
    elapsed_s: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DatasetFacts:
    """The rows of a run."""

    source: str
    """Hub id, folder, file, or `sample`."""
    num_rows: dict[str, int]
    """By split."""
    duplicates: dict[str, int]
    """Rows whose text stands in the same or another split, as `count_duplicates` names them."""
    rows_sha256: str
    """Tells the labeled texts of all splits together, in whatever order and cut."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ModelSize:
    """How large a model is."""

    num_parameters: int
    vocab_size: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class WordVectorFacts:
    """The pretrained word vectors that an embedding started from."""

    source: str
    file: str
    is_frozen: bool
    num_found: int
    """Entries of the vocabulary that have a vector, of `num_entries`."""
    num_entries: int
    share_of_vocabulary: float
    share_of_train_tokens: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BaseModelFacts:
    """The model that a run fine-tuned."""

    source: str
    is_on_hub: bool
    weights_sha256: str
    keeps_classifier: bool


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RunResults:
    """What results.json says of a run."""

    recipe: str
    command: str
    dataset: DatasetFacts
    weights_sha256: str
    """Of model.safetensors, of which all figures are."""
    model: ModelSize
    embeddings: WordVectorFacts | None = None
    init_from: BaseModelFacts | None = None
    seed: int
    device: str
    precision: str
    """What training computed in."""
    measured_in: str
    """What the figures were computed in."""
    num_threads: int
    versions: dict[str, str]
    commit: str | None
    """Of the checkout, with `+changes` where files differed from it; None without one."""
    epochs: list[Epoch]
    best_epoch: int
    temperature: float
    splits: dict[str, SplitFigures]
    elapsed_s: float
    """From reading the data to the measured model."""
