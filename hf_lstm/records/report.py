"""Defines what metrics.json and errors.jsonl say of a model on a split."""

import dataclasses

from hf_lstm.records.results import Epoch, SplitFigures


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationBin:
    """The rows whose confidence, the probability of the predicted label, is from `low` to `high`."""

    low: float
    high: float
    num_rows: int
    confidence: float
    """Their mean."""
    accuracy: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """How far confidence is from accuracy."""

    expected_calibration_error: float
    """The mean over rows of the distance between a bin's accuracy and its confidence, 0 to 1."""
    bins: list[CalibrationBin]
    """Those that hold rows."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """The figures of a model on a split, and what they were measured of."""

    model: str
    """Its name for people."""
    num_parameters: int
    dataset: str
    split: str
    split_sha256: str
    """Tells the rows in their order: two measurements that share it compare."""
    device: str
    precision: str
    temperature: float
    max_length_tokens: int
    metrics: SplitFigures
    calibration: dict[str, Calibration]
    """`raw`, of the logits as they stand, and `calibrated`, of those divided by the temperature."""
    epochs: list[Epoch]
    """Of the run that made the model; none if it was saved without results."""
    best_epoch: int | None
    elapsed_s: float | None
    is_own_data: bool
    """Whether the model was trained on the same data set, cut as here."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LengthGroup:
    """The rows whose texts have `from_words` to `to_words` words between white space."""

    from_words: int
    to_words: int
    num_rows: int
    accuracy: float
    accuracy_interval: tuple[float, float]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class UnseenFigures:
    """The accuracy on the rows whose text stands in no earlier split."""

    seen_in: list[str]
    """The earlier splits."""
    num_rows_seen: int
    """Rows that are left out."""
    num_rows: int
    accuracy: float | None
    """None if all rows are left out, as is the interval."""
    accuracy_interval: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrickyReview:
    """A negative review that is worded so that single words mislead, and the model's answer."""

    text: str
    label: str
    positive_probability: float
    is_right: bool


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class WordContribution:
    """A word of a text, `text[start:end]`, and what it adds to the logit of the label that is explained."""

    word: str
    start: int
    end: int
    contribution: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """A row that was given the wrong label, and the words that speak most for it."""

    row: int
    """Of the split, counted from 0."""
    label: str
    predicted: str
    score: float
    """The probability of the predicted label."""
    words: list[WordContribution]
    text: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class MistakenLabels:
    """How often one label was taken for another."""

    label: str
    predicted: str
    num_rows: int
    most_confident: list[Mistake] = dataclasses.field(default_factory=list)
    """In errors.jsonl, not in metrics.json."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """What the texts of a split tell of its figures."""

    by_length: list[LengthGroup]
    unseen: UnseenFigures | None
    """None if the earlier splits are not at hand, or the split is train itself."""
    tricky_reviews: list[TrickyReview]
    """Empty for models of other labels than positive and negative."""
    mistakes: list[MistakenLabels]
    """Pairs with the most rows first."""
