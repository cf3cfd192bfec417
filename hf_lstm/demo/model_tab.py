"""Adds the demo's third tab, with the model's figures and mistakes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from hf_lstm.demo.content.figures import (
    CURVES,
    FIGURES,
    describe_test,
    list_confusions,
    list_curve_points,
    list_label_figures,
    list_mistakes,
    read_results,
)
from hf_lstm.demo.content.tables import add_table, add_title
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.results import SplitFigures

SPLIT_COLORS = {"train": "#d55e00", "validation": "#3b82f6"}
"""Vermilion and blue, which people of any color vision tell apart, with a contrast of 3 on white and on dark ground.

Reference: Okabe & Ito, Color Universal Design, 2008; WCAG 2.2, 1.4.11.
"""
_MAX_NAMED_EPOCHS = 10
"""As words, epochs are sorted by their digits."""


def add_model_tab(
    model: LSTMSentiment, shown: Mapping[str, str], *, model_id: str | None, report_folder: Path | None
) -> None:
    """Add the tab to the page.

    What is not known of the model is left out.

    Args:
        model: what classifies.
        shown: names of its labels, as people read them.
        model_id: where the model's card is on the Hub, if it is there.
        report_folder: the report of the run, with its `errors.jsonl`.
    """
    results = read_results(model)
    test = results.splits.get("test") if results else None
    gr.Markdown(describe_model(model, test, model_id))
    if test is not None:
        with gr.Row():
            rows = list_label_figures(test, shown)
            is_whole = len(rows) == len(test.per_label)
            title = "Each label, on test texts" if is_whole else "The most frequent labels, and the worst of the others"
            add_table(rows, ["label", *FIGURES, "texts"], title=title)
            header, rows = list_confusions(test, shown)
            if test.confusion_matrix.fits_page():
                add_table(rows, header, title="What each label is taken for")
    if results is not None and (points := list_curve_points(results.epochs)):
        with gr.Row():
            for figure in CURVES:
                _add_curve(points, figure)
    if mistakes := list_mistakes(report_folder, shown):
        header = ["true label", "answer", "probability", "misleading words", "text"]
        add_table(mistakes, header, title="The most confident mistakes on test texts", num_long=2)


def describe_model(model: LSTMSentiment, test: SplitFigures | None, model_id: str | None) -> str:
    """Describe the model in a paragraph of Markdown.

    It has its size, how much it reads, what was measured, and where its card is.
    """
    directions = "reads in both directions" if model.config.bidirectional else "reads from left to right"
    sentences = [
        f"An LSTM of **{model.num_parameters:,} parameters** that {directions}, "
        f"{model.config.max_length_tokens:,} tokens of a text at most.",
        describe_test(test) if test is not None else None,
        model_id and f"More in its [model card](https://huggingface.co/{model_id}).",
    ]
    return " ".join(filter(None, sentences))


def _add_curve(points: list[dict[str, Any]], figure: str) -> None:
    """Add the curve of a figure, on train and validation, below its title."""
    scale, unit = (100, ", %") if figure == "accuracy" else (1, "")
    values = [scale * point[figure] for point in points]
    margin = 0.1 * (max(values) - min(values)) or 0.1
    table = pd.DataFrame(points).assign(**{figure: values})
    if table["epoch"].max() < _MAX_NAMED_EPOCHS:  # else an axis of numbers would have halves of epochs, as 1 2 2 3 3
        table["epoch"] = table["epoch"].astype(str)
    with gr.Column(min_width=280):
        add_title(f"{figure.capitalize()} by epoch{unit}")
        gr.LinePlot(
            table,
            x="epoch",
            y=figure,
            color="split",
            color_map=SPLIT_COLORS,
            y_title=" ",  # the title above has it
            color_title=" ",
            x_axis_format="d",
            y_lim=[min(values) - margin, max(values) + margin],
            height=260,
            show_label=False,
            buttons=[],
        )
