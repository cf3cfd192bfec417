"""Evaluates a model on labeled rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_lstm.config.data import join_columns
from hf_lstm.data.row_checks import check_evaluation_rows
from hf_lstm.errors import InputError
from hf_lstm.evaluation.rows import EvaluationRows, load_evaluation_rows
from hf_lstm.evaluation.scoring import ScoredSplit, analyze_split, measure_split, score_split
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.progress import can_show_bars, dataset_bars
from hf_lstm.records.report import Analysis, Measurement
from hf_lstm.rows.columns import Columns
from hf_lstm.runtime.devices import name_dtype, resolve_precision
from hf_lstm.sources.in_memory import Rows, resolve_source
from hf_lstm.sources.split_names import SPLITS


@dataclass(frozen=True)
class Evaluation:
    """Holds a model and its answers on the rows of a split."""

    model: LSTMSentiment
    rows: EvaluationRows
    split: ScoredSplit
    precision: str
    """The number format that the answers were computed in."""

    def measure(self, title: str) -> Measurement:
        """Measure the model, called `title`."""
        return measure_split(
            self.model,
            self.split,
            title=title,
            source=self.rows.source,
            precision=self.precision,
            is_own_data=self.rows.is_own_data,
            results=self.model.results,
        )

    def analyze(self) -> Analysis:
        """Analyze the mistakes of the model, and its accuracy by length."""
        return analyze_split(self.model, self.split, self.rows.earlier_texts, self.precision)


def score_model(
    model: LSTMSentiment,
    data: Rows | None = None,
    *,
    split: str,
    columns: Columns,
    precision: str,
    encoding: str | None = None,
    config: str | None = None,
    show_progress: bool = True,
) -> Evaluation:
    """Compute a model's answers on a split of `data`.

    By default it is the data set that the model was trained on.

    Raises:
        InputError: there is no such split, the rows are unusable, or their labels are not the model's.
    """
    if split not in SPLITS:
        raise InputError(f"there is no split {split!r}; expected {', '.join(SPLITS)}")
    source = None if data is None else resolve_source(data, whole_name="data")
    with dataset_bars(show_progress and can_show_bars()):
        rows = load_evaluation_rows(model, split, source=source, columns=columns, encoding=encoding, config=config)
        check_evaluation_rows(split, rows.dataset)
        dtype = resolve_precision(precision, model.device, model=model.config)
        scored = score_split(model, split, rows.dataset, dtype)
    return Evaluation(model, rows, scored, name_dtype(dtype))


def evaluate(
    model: LSTMSentiment | str | Path,
    data: Rows | None = None,
    *,
    split: str = "test",
    text_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    encoding: str | None = None,
    config: str | None = None,
    precision: str = "auto",
    device: str | None = None,
    show_progress: bool = True,
) -> Measurement:
    """Measure a model on labeled rows, without writing a report.

    Example:
        >>> hf_lstm.evaluate("runs/tickets-distilled-bilstm", "new.csv").metrics.accuracy

    Args:
        model: a model, its folder, or its Hub id.
        data: a path or several, a Hub id, `sample`, a pandas DataFrame, a `datasets.Dataset` or `DatasetDict`, or a
            pair of texts and labels; by default the data set that the model was trained on, cut as it was then.
        split: `train`, `validation` or `test`. Data without splits are used whole.
        text_column: the column of the texts; by default the first well-known name.
        label_column: likewise of the labels; several are columns of 0 and 1, one for each label.
        encoding: that of text files; by default UTF-8.
        config: the configuration, of a data set that has several.
        precision: `float32`, `bfloat16`, or `auto`.
        device: where a model that is loaded computes: `cpu`, `cuda`, `xpu`, `mps`, or by default `auto` for an
            accelerator if there is one. One that is passed stays where it is.
        show_progress: show progress bars to people who look on.

    Raises:
        InputError: the model or the rows are unusable, or the labels are not the model's.
    """
    if not isinstance(model, (LSTMSentiment, str, Path)):
        raise InputError(f"the model is {type(model).__name__}, expected an LSTMSentiment, its folder, or its Hub id")
    title = "model" if isinstance(model, LSTMSentiment) else Path(model).name
    if isinstance(model, LSTMSentiment):
        if device is not None:
            raise InputError(
                f"device is {device!r}, but the model is in memory: move it there with model.to({device!r})"
            )
        loaded = model
    else:
        loaded = LSTMSentiment.from_pretrained(model, device=device or "auto")
    columns = Columns(text_column, join_columns(label_column))
    evaluation = score_model(
        loaded,
        data,
        split=split,
        columns=columns,
        precision=precision,
        encoding=encoding,
        config=config,
        show_progress=show_progress,
    )
    return evaluation.measure(title)
