"""The page's own component: a text with its words colored by what each adds to the model's answer."""

from pathlib import Path
from typing import Any

import gradio as gr

from hf_lstm.modeling import LSTMSentiment

_RESOURCES = Path(__file__).resolve().parent / "resources" / "demo"


def make_colored_words(**options: Any) -> gr.HTML:
    """Return the component that shows what `explain_words` returns.

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
    """Return what each word of a text adds to the answer, as JSON: see `LSTMSentiment.explain`.

    Positive contributions speak for `label`: label 1 of two, the predicted one of more. Negative ones speak for
    `against`, which is None where that is several labels.
    """
    labels = model.config.id2label or {}
    label = labels[1] if len(labels) == 2 else str(model.predict(text, show_progress=False)["label"])
    return {
        "text": text,
        "label": label,
        "against": labels[0] if len(labels) == 2 else None,
        "words": model.explain(text, label=None if len(labels) == 2 else label),
    }
