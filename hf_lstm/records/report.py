"""Defines the contents of a report: metrics.json and errors.jsonl."""

import dataclasses

from hf_lstm.records.baseline import BaselineFigures
from hf_lstm.records.results import Epoch, SplitFigures
from hf_lstm.records.rows import RowFindings


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationBin:
    """Describes the rows with a confidence from `low` to `high`.

    Confidence is the probability of the predicted label, 0 to 1.
    """

    low: float
    high: float
    num_rows: int
    confidence: float
    """The mean over these rows."""
    accuracy: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """Says how far confidence is from accuracy."""

    expected_calibration_error: float
    """The difference between accuracy and confidence of a row's bin, as a mean over rows, 0 to 1."""
    bins: list[CalibrationBin]
    """Only those that have rows."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """Holds the figures of a model on a split, and says how they were measured."""

    model: str
    """What the report calls it."""
    num_parameters: int
    dataset: str
    split: str
    split_sha256: str
    """Hash of the rows in their order. Only measurements with the same hash can be compared."""
    device: str
    precision: str
    temperature: float
    max_length_tokens: int
    metrics: SplitFigures
    calibration: dict[str, Calibration]
    """`raw` is of the logits as they are, `calibrated` of the logits divided by the temperature."""
    epochs: list[Epoch]
    """Of the run that made the model; empty if its results are not at hand."""
    best_epoch: int | None
    elapsed_s: float | None
    is_own_data: bool
    """Whether the model was trained on the same data set, cut as here."""
    findings: RowFindings = dataclasses.field(default_factory=RowFindings)
    """Rows of the split that harm the trust in its figures."""
    cuts: dict[str, str] = dataclasses.field(default_factory=dict)
    """How the splits of the run were cut that its source lacks, if these rows are of that source."""
    baselines: dict[str, BaselineFigures] = dataclasses.field(default_factory=dict)
    """What the model's run measured of baselines on just these rows, by name."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LengthGroup:
    """Describes the rows with `from_words` to `to_words` words.

    Words are what stands between white space.
    """

    from_words: int
    to_words: int
    num_rows: int
    accuracy: float
    accuracy_interval: tuple[float, float]

    def name_words(self) -> str:
        """Name how many words the texts have: `6`, or `7 to 8`."""
        fewest, most = f"{self.from_words:,}", f"{self.to_words:,}"
        return fewest if fewest == most else f"{fewest} to {most}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class UnseenFigures:
    """Holds the accuracy without the rows that earlier splits have, too."""

    seen_in: list[str]
    """Names of the earlier splits, such as train."""
    num_rows_seen: int
    """Rows that are left out: an earlier split has their text, word for word."""
    num_rows: int
    """Rows that remain."""
    accuracy: float | None
    """None, like the interval, if no row remains."""
    accuracy_interval: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrickyReview:
    """Holds a review in which single words mislead, and the model's answer."""

    text: str
    label: str
    positive_probability: float
    is_right: bool


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class WordContribution:
    """Says how much a word speaks for a label.

    The word is `text[start:end]`. Its contribution is what it adds to the logit of the label.
    """

    word: str
    start: int
    end: int
    contribution: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """Describes a row that was given a wrong label.

    `words` are those that speak most for that label.
    """

    row: int
    """Its number in the split, counted from 0."""
    label: str
    predicted: str
    score: float
    """The probability of the predicted label."""
    words: list[WordContribution]
    text: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class MistakenLabels:
    """Counts how often one label was taken for another."""

    label: str
    predicted: str
    num_rows: int
    most_confident: list[Mistake] = dataclasses.field(default_factory=list)
    """They are written to errors.jsonl, not to metrics.json."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """Says where a model errs on a split."""

    by_length: list[LengthGroup]
    unseen: UnseenFigures | None
    """None if the earlier splits are not at hand, or if the split is train."""
    tricky_reviews: list[TrickyReview]
    """Empty if the model has other labels than positive and negative."""
    mistakes: list[MistakenLabels]
    """Pairs of labels, those with the most rows first."""
