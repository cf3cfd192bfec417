"""The demo's third tab: what was measured of the model, how it was trained, and where it errs."""

from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from hf_lstm.demo.figures import (
    CURVES,
    FIGURES,
    describe_test,
    list_confusions,
    list_curve_points,
    list_label_figures,
    list_mistakes,
    read_or_leave_out,
)
from hf_lstm.demo.tables import add_table
from hf_lstm.model.classifier import LSTMSentiment

MAX_MATRIX_LABELS = 20
"""A confusion matrix of more labels does not fit a page."""
SPLIT_COLORS = {"train": "#d55e00", "validation": "#3b82f6"}
"""Vermilion and blue, which people of any color vision tell apart, with a contrast of 3 on white and on dark ground.

Reference: Okabe & Ito, Color Universal Design, 2008; WCAG 2.2, 1.4.11.
"""


def add_model_tab(model: LSTMSentiment, *, model_id: str | None, report_folder: Path | None) -> None:
    """Add the components of the tab to the page that is being built; what is not known is left out.

    Args:
        model: what classifies.
        model_id: where the model's card is on the Hub, if it is there.
        report_folder: the report of the run, with its `errors.jsonl`.
    """
    gr.Markdown(describe_model(model, model_id))
    with gr.Row():
        if labels := read_or_leave_out(list_label_figures, model.results):
            add_table(labels, ["label", *FIGURES, "texts"], title="Each label, on test texts")
        confusions = read_or_leave_out(list_confusions, model.results)
        if confusions and len(confusions[1]) <= MAX_MATRIX_LABELS:
            header, rows = confusions
            add_table(rows, header, title="What each label is taken for")
    if points := read_or_leave_out(list_curve_points, model.results):
        with gr.Row():
            for figure in CURVES:
                _add_curve(points, figure)
    if mistakes := list_mistakes(report_folder):
        header = ["true label", "answer", "probability", "misleading words", "text"]
        add_table(mistakes, header, title="The most confident mistakes on test texts", num_long=2)


def describe_model(model: LSTMSentiment, model_id: str | None) -> str:
    """Return a paragraph on the model as Markdown: its size, what it reads, what was measured, where its card is."""
    directions = "reads in both directions" if model.config.bidirectional else "reads from left to right"
    sentences = [
        f"An LSTM of **{model.num_parameters:,} parameters** that {directions}, "
        f"{model.config.max_length_tokens:,} tokens of a text at most.",
        read_or_leave_out(describe_test, model.results),
        model_id and f"More in its [model card](https://huggingface.co/{model_id}).",
    ]
    return " ".join(filter(None, sentences))


def _add_curve(points: list[dict[str, Any]], figure: str) -> None:
    values = [point[figure] for point in points]
    margin = 0.1 * (max(values) - min(values)) or 0.1
    gr.LinePlot(
        pd.DataFrame(points),
        x="epoch",
        y=figure,
        color="split",
        color_map=SPLIT_COLORS,
        title=f"{figure.capitalize()} by epoch",
        x_axis_format="d",
        y_lim=[min(values) - margin, max(values) + margin],
        height=280,
        show_label=False,
        min_width=280,
        buttons=[],
    )
