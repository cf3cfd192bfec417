"""Evaluates a model on labeled rows: figures, and what the texts tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hf_lstm.data.columns import Columns
from hf_lstm.data.sources import Rows, hold
from hf_lstm.devices import name_dtype, resolve_precision
from hf_lstm.evaluation.rows import HeldOutRows, load_held_out
from hf_lstm.evaluation.scoring import ScoredSplit, analyze_split, measure_split, score_split
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.report import Analysis, Measurement


@dataclass(frozen=True)
class Evaluation:
    """A model with its answers to the rows that it is measured on."""

    model: LSTMSentiment
    held_out: HeldOutRows
    split: ScoredSplit
    precision: str
    """What the answers were computed in."""

    def measure(self, title: str) -> Measurement:
        """Return the figures of the model, called `title`."""
        return measure_split(
            self.model,
            self.split,
            title=title,
            source=self.held_out.source,
            precision=self.precision,
            is_own_data=self.held_out.is_own_data,
            results=self.model.results,
        )

    def analyze(self) -> Analysis:
        """Return what the texts tell of the figures: by length, and the most confident mistakes with their words."""
        return analyze_split(self.model, self.split, self.held_out.seen, self.precision)


def score_model(
    model: LSTMSentiment, data: Rows | None = None, *, split: str, columns: Columns, precision: str
) -> Evaluation:
    """Return a model's answers to a split of `data`, by default of the data set that it was trained on.

    Raises:
        InputError: the rows are unusable, or their labels are not the model's.
    """
    source = None if data is None else hold(data)
    held_out = load_held_out(model, split, source=source, columns=columns)
    dtype = resolve_precision(precision, model.embedding.weight.device, hidden_size=model.config.hidden_size)
    return Evaluation(model, held_out, score_split(model, split, held_out.rows, dtype), name_dtype(dtype))


def evaluate(
    model: LSTMSentiment | str | Path,
    data: Rows | None = None,
    *,
    split: str = "test",
    text_column: str | None = None,
    label_column: str | None = None,
    precision: str = "auto",
) -> Measurement:
    """Return the figures of a model on labeled rows, as a report has them, without writing one.

    Example:
        >>> hf_lstm.evaluate("runs/pooled-bilstm", "sample").metrics.accuracy
        0.83

    Args:
        model: a model, its folder, or its Hub id.
        data: a path, a Hub id, `sample`, a pandas DataFrame, a `datasets.Dataset` or `DatasetDict`, or a pair of texts
            and labels; by default the data set that the model was trained on, cut as it was then.
        split: `train`, `validation` or `test`, of data that have splits.
        text_column: the column of the texts; by default the first well-known name.
        label_column: likewise of the labels.
        precision: `float32`, `bfloat16`, or `auto`.

    Raises:
        InputError: the model or the rows are unusable, or the labels are not the model's.
    """
    title = "model" if isinstance(model, LSTMSentiment) else Path(model).name
    loaded = model if isinstance(model, LSTMSentiment) else LSTMSentiment.from_pretrained(model)
    columns = Columns(text_column, label_column)
    return score_model(loaded, data, split=split, columns=columns, precision=precision).measure(title)
