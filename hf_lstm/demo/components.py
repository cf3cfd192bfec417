"""Builds the page's own components: HTML that is fixed, and a script that fills it in."""

from pathlib import Path
from typing import Any

import gradio as gr

RESOURCES = Path(__file__).resolve().parents[1] / "resources" / "demo"
_NO_ANSWER = "No answer came: the demo is busy, or the connection was lost. Please try again."
LOST = f"() => ({{ hint: globalThis.refusal ?? '{_NO_ANSWER}' }})"
"""The value of a component whose endpoint failed, in JavaScript: what the server said, if it did; see page.js."""


def make_component(name: str, **options: Any) -> gr.HTML:
    """Build the component of `NAME.html`, `NAME.css` and `NAME.js`.

    Its HTML holds no placeholder: the script makes the nodes and sets their `textContent`, so that no text or label can
    become markup.

    Args:
        name: of the files.
        options: further arguments of the component, such as `elem_id`.
    """
    html, css, script = (
        (RESOURCES / f"{name}.{suffix}").read_text(encoding="utf-8") for suffix in ("html", "css", "js")
    )
    return gr.HTML(
        html_template=html,
        css_template=css,
        js_on_load=script,
        apply_default_css=False,
        elem_classes="own",
        **options,
    )
