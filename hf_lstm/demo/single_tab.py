"""Adds the demo's first tab, for one text.

It shows the probability of each label, and the words colored by what they add.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from hf_lstm.demo.endpoints import MAX_CHARACTERS, check_text, handle_errors
from hf_lstm.model.classifier import LSTMSentiment

MAX_SHOWN_LABELS = 10
MODEL_QUEUE = "model"
"""The queue of both endpoints, of which `NUM_WORKERS` requests are computed at a time."""
NUM_WORKERS = 2
_RESOURCES = Path(__file__).resolve().parents[1] / "resources" / "demo"


def add_single_tab(model: LSTMSentiment, examples: Sequence[str]) -> None:
    """Add the tab and the endpoints `/classify` and `/explain` to the page.

    A blank text, one without any word that the model knows, and one of more than `MAX_CHARACTERS` is refused with a
    message: an answer would be made up, or take others' time.

    Args:
        model: what classifies.
        examples: texts to try.
    """
    labels = model.config.label_names

    @handle_errors
    def classify(text: str) -> dict[str, float]:
        probabilities = model.predict_proba(check_text(text, model), show_progress=False)[0].tolist()
        return dict(zip(labels, probabilities, strict=True))

    @handle_errors
    def explain(text: str) -> dict[str, Any]:
        return explain_words(model, check_text(text, model))

    text, button, answer, chosen = _add_components(len(labels), examples)
    words = make_colored_words(elem_id="words")
    options = {"show_progress": "hidden", "concurrency_id": MODEL_QUEUE, "concurrency_limit": NUM_WORKERS}
    # An answer must not stand beside another text than its own.
    text.change(None, None, [answer, words], js="() => [{}, null]", api_visibility="private")
    classified = gr.on(
        [button.click, text.submit],
        classify,
        text,
        answer,
        api_name="classify",
        api_description=f"Return the calibrated probability of each label of a text of up to {MAX_CHARACTERS:,} "
        "characters.",
        **options,
    )
    classified.success(
        explain,
        text,
        words,
        api_name="explain",
        api_description="Return each word of a text with its place and what it adds to the logit of `label`, against "
        "`against` or, where that is null, against the mean of the other labels.",
        **options,
    )
    for example in chosen:
        filled_in = example.click(None, example, text, js="(example) => example", api_visibility="private")
        classified = filled_in.then(classify, text, answer, api_visibility="private", **options)
        classified.success(explain, text, words, api_visibility="private", **options)


def _add_components(
    num_labels: int, examples: Sequence[str]
) -> tuple[gr.Textbox, gr.Button, gr.Label, list[gr.Button]]:
    """Add the text, its button, the answer and the examples' buttons."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            text = gr.Textbox(label="Text", lines=8, max_lines=16, placeholder=f"Up to {MAX_CHARACTERS:,} characters")
            button = gr.Button("Classify", variant="primary")
        with gr.Column(scale=2, min_width=280):
            answer = gr.Label(label="Probability of each label", num_top_classes=min(num_labels, MAX_SHOWN_LABELS))
            if examples:
                gr.Markdown("Or try one of these:", elem_classes="note")
            chosen = [gr.Button(example, size="sm", elem_classes="example") for example in examples]
    return text, button, answer, chosen


def make_colored_words(**options: Any) -> gr.HTML:
    """Build the component for the answer of `explain_words`.

    Its HTML is fixed and holds no placeholder: words.js makes a node for each word and sets its `textContent`, so that
    no text or label can become markup. Blue speaks for a label and orange against it, which people of any color vision
    tell apart; underlines say the same without colors, and tooltips give the numbers.

    Args:
        options: further arguments of the component, such as `elem_id`.
    """
    html, css, script = (
        (_RESOURCES / name).read_text(encoding="utf-8") for name in ("words.html", "words.css", "words.js")
    )
    return gr.HTML(html_template=html, css_template=css, js_on_load=script, **options)


def explain_words(model: LSTMSentiment, text: str) -> dict[str, Any]:
    """Return each word's contribution to the answer, as JSON.

    See `LSTMSentiment.explain`. Positive contributions speak for `label`: label 1 of two, the predicted one of more.
    Negative ones speak for `against`, which is None where that is several labels.
    """
    labels = model.config.label_names
    label = labels[1] if len(labels) == 2 else str(model.predict(text, show_progress=False)["label"])
    return {
        "text": text,
        "label": label,
        "against": labels[0] if len(labels) == 2 else None,
        "words": model.explain(text, label=None if len(labels) == 2 else label),
    }
