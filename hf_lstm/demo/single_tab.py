"""Adds the demo's first tab, for one text.

It shows the verdict, and below it the words colored by what they add.
"""

import time
from collections.abc import Sequence
from typing import Any

import gradio as gr

from hf_lstm.answers.wording import Wording
from hf_lstm.api.bodies import MAX_CHARACTERS
from hf_lstm.demo.components import LOST, make_component
from hf_lstm.demo.content.figures import Fact, format_milliseconds
from hf_lstm.demo.content.tables import add_facts
from hf_lstm.demo.content.verdicts import choose_tone, describe_verdict, describe_words, list_strongest
from hf_lstm.demo.endpoints import check_text, handle_errors, hint_at_errors
from hf_lstm.model.classifier import LSTMSentiment

MODEL_QUEUE = "model"
"""The queue of all endpoints for one text, of which `NUM_WORKERS` requests are computed at a time."""
NUM_WORKERS = 2
_WAIT = "{ is_pending: true }"


def add_single_tab(model: LSTMSentiment, wording: Wording, facts: Sequence[Fact] = ()) -> None:
    """Add the tab and the endpoints `/classify` and `/explain` to the page.

    To a blank text, one without any word that the model knows, and one of more than `MAX_CHARACTERS` a hint is the only
    answer: another would be made up, or take others' time.

    Args:
        model: what classifies.
        wording: the page's texts.
        facts: what is to be known of the model, in short.
    """

    @hint_at_errors
    @handle_errors
    def answer(text: str) -> dict[str, Any]:
        return answer_text(model, check_text(text, model), wording)

    text, button, examples, shown = _add_components(wording)
    if facts:
        add_facts(facts)
    options: dict[str, Any] = {
        "show_progress": "hidden",
        "concurrency_id": MODEL_QUEUE,
        "concurrency_limit": NUM_WORKERS,
        "api_visibility": "private",
    }
    waiting = [
        ask(None, None, shown, js=f"() => ({_WAIT})", api_visibility="private") for ask in (button.click, text.submit)
    ]
    waiting += [
        example.click(None, example, [text, shown], js=f"(example) => [example, {_WAIT}]", api_visibility="private")
        for example in examples
    ]
    for started in waiting:
        answered = started.then(answer, text, shown, **options)
        answered.failure(None, None, shown, js=LOST, api_visibility="private")
    _add_endpoints(model, text)


def answer_text(model: LSTMSentiment, text: str, wording: Wording) -> dict[str, Any]:
    """Answer a text, as JSON for answer.js: `describe_verdict`, and each word with what it adds.

    Positive contributions speak for `label`: of two labels the first, of more the first one of the answer. Negative
    ones speak for `against`, which is None where that is several labels, and the lack of the label where any number
    fits.
    """
    started = time.perf_counter()
    row = model.predict_proba(text, show_progress=False)[0]
    took_ms = 1000 * (time.perf_counter() - started)
    names, probabilities = wording.label_names, row.tolist()
    label = wording.first if wording.has_two else model.problem.find_answer(row)
    words = model.explain(text, label=label)
    return {
        "text": text,
        **describe_verdict(probabilities, wording),
        "label": names[label],
        "against": names[1 - label] if wording.has_two else model.problem.name_opposite(label),
        "tone_of_label": choose_tone(label, wording),
        "words": describe_words(words),
        "strongest": list_strongest(words),
        "took": format_milliseconds(took_ms),
    }


def _add_components(wording: Wording) -> tuple[gr.Textbox, gr.Button, list[gr.Button], gr.HTML]:
    """Add the text, its button, the examples' buttons and the answer."""
    with gr.Row(equal_height=False, elem_id="single"):
        with gr.Column(scale=2, min_width=320):
            text = gr.Textbox(
                label="Text", lines=8, max_lines=8, placeholder=wording.placeholder, elem_id="text", autofocus=True
            )
            button = gr.Button(wording.button, variant="primary", elem_id="classify")
            examples = []
            if wording.examples:
                gr.Markdown("Or try one of these:", elem_classes="note")
                with gr.Row(elem_id="examples"):
                    examples = [
                        gr.Button(example, size="sm", elem_classes="example", min_width=0)
                        for example in wording.examples
                    ]
        with gr.Column(scale=3, min_width=320):
            shown = make_component("answer", elem_id="answer")
    return text, button, examples, shown


def _add_endpoints(model: LSTMSentiment, text: gr.Textbox) -> None:
    """Add the API, behind parts of the page that are not shown."""
    labels = model.config.label_names

    @handle_errors
    def classify(text: str) -> dict[str, float]:
        probabilities = model.predict_proba(check_text(text, model), show_progress=False)[0].tolist()
        return dict(zip(labels, probabilities, strict=True))

    @handle_errors
    def explain(text: str) -> dict[str, Any]:
        return explain_words(model, check_text(text, model))

    options: dict[str, Any] = {"concurrency_id": MODEL_QUEUE, "concurrency_limit": NUM_WORKERS}
    gr.Button(visible=False).click(
        classify,
        text,
        gr.Label(label="Probability of each label", visible=False),
        api_name="classify",
        api_description=f"Return the calibrated probability of each label of a text of up to {MAX_CHARACTERS:,} "
        "characters.",
        **options,
    )
    gr.Button(visible=False).click(
        explain,
        text,
        gr.JSON(label="Words", visible=False),
        api_name="explain",
        api_description="Return each word of a text with its place and what it adds to the logit of `label`, against "
        "`against` or, where that is null, against the mean of the other labels.",
        **options,
    )


def explain_words(model: LSTMSentiment, text: str) -> dict[str, Any]:
    """Return each word's contribution to the answer, as JSON.

    See `LSTMSentiment.explain`. Positive contributions speak for `label`: label 1 of two, the predicted one of more.
    Negative ones speak for `against`, which is None where that is several labels.
    """
    explanation = model.explain(text, label=None if model.config.has_opposites else _find_answer(model, text))
    return {"text": text, "label": explanation.label, "against": explanation.against, "words": list(explanation)}


def _find_answer(model: LSTMSentiment, text: str) -> str:
    """Find the label that comes first in the answer to a text."""
    return model.labels[model.problem.find_answer(model.predict_proba(text, show_progress=False)[0])]
