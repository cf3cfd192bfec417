"""The demo: a Gradio page and API around one model, closed to all that classifying a text does not need."""

import logging
import os
import traceback
from collections.abc import Sequence

import gradio as gr
from starlette.middleware import Middleware

from hf_lstm.config import ModelConfig
from hf_lstm.encoding import Encoder
from hf_lstm.errors import InputError
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.request_guard import RequestGuard

MAX_CHARACTERS = 20_000
"""Longer texts are refused; the longest review of IMDB has 14,282."""
MAX_QUEUE_SIZE = 64
"""Texts that may wait; more are told that the demo is busy."""
NUM_WORKERS = 2
"""Texts that are classified at a time."""
EXAMPLES = (
    "A wonderful film: warm, funny and beautifully acted.",
    "I didn't hate it, but I wouldn't watch it again.",
    "I laughed a few times, but the rest of the film was just awkward and badly paced.",
)

_GRADIO_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # Gradio keeps figures of the last 10,000 answers and summarizes them with pandas after each: not needed.
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9),
}
"""What can be set by the environment alone."""
_CSS = """
.gradio-container { max-width: 46rem !important; margin: 0 auto !important; }
.note * { font-size: var(--text-sm); }
"""

logger = logging.getLogger(__name__)


def build_demo(
    model: LSTMSentiment,
    *,
    title: str = "LSTM text classification",
    description: str = "Enter a text, and the model says how probable each label is.",
    examples: Sequence[str] = EXAMPLES,
    model_id: str | None = None,
) -> gr.Blocks:
    """Return the page, to be started with `launch_demo`; its API has one endpoint, `/classify`.

    A blank text, one without any word that the model knows, and one of more than `MAX_CHARACTERS` is refused with a
    message: an answer would be made up, or take others' time.

    Args:
        model: what classifies.
        title: heading of the page.
        description: the sentence below it.
        examples: texts to try.
        model_id: where the model's card is on the Hub, if it is there.
    """
    assert model.tokenizer is not None
    encoder = Encoder(model.tokenizer)
    labels = [(model.config.id2label or {})[index] for index in range(model.config.num_labels)]

    def classify(text: str) -> dict[str, float]:
        _check_text(text, encoder, model.config)
        try:
            probabilities = model.predict_proba(text, show_progress=False)[0].tolist()
        except Exception as error:
            # Messages may hold the text, or what is in the environment: only where it happened is logged.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("classify: %s in %s, line %s", type(error).__name__, frame.filename, frame.lineno)
            raise _refuse("Something went wrong here; the text is not to blame.") from None
        return dict(zip(labels, probabilities, strict=True))

    with gr.Blocks(title=title, analytics_enabled=False) as demo:
        gr.Markdown(f"# {title}\n{description}")
        text = gr.Textbox(label="Text", lines=5, max_lines=15, placeholder=f"Up to {MAX_CHARACTERS:,} characters")
        button = gr.Button("Classify", variant="primary")
        answer = gr.Label(label="Probability of each label", num_top_classes=min(len(labels), 10))
        gr.on(
            [button.click, text.submit],
            classify,
            text,
            answer,
            show_progress="hidden",  # answers come at once
            api_name="classify",
            api_description=f"Return the probability of each label of a text of up to {MAX_CHARACTERS:,} characters.",
        )
        # An answer must not stand beside a text that it was not given for.
        text.change(None, None, answer, js="() => ({})", api_visibility="private")
        gr.Examples(
            [[example] for example in examples],
            text,
            answer,
            classify,
            run_on_click=True,
            cache_examples=False,
            api_visibility="undocumented",
        )
        gr.Markdown(describe_model(model, model_id), elem_classes="note")
    return demo


def launch_demo(demo: gr.Blocks, *, server_name: str | None = None, server_port: int | None = None) -> str:
    """Serve the demo in the background, without all that it does not need, and return its address.

    Args:
        demo: what `build_demo` returned; `demo.close()` stops it.
        server_name: address to listen on; by default `GRADIO_SERVER_NAME`, else this machine alone.
        server_port: by default the first free one from 7860 on.

    Raises:
        InputError: the port is taken, or may not be used.
    """
    os.environ.update(_GRADIO_SETTINGS)
    demo.queue(max_size=MAX_QUEUE_SIZE, default_concurrency_limit=NUM_WORKERS, api_open=False)
    try:
        _, address, _ = demo.launch(
            server_name=server_name,
            server_port=server_port,
            prevent_thread_lock=True,
            app_kwargs={"middleware": [Middleware(RequestGuard)], "openapi_url": None},
            theme=gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
            css=_CSS,
            footer_links=["api", "gradio"],
            show_error=False,
            state_session_capacity=MAX_QUEUE_SIZE,  # sessions have no state here, yet Gradio would keep 10,000
            max_file_size="1kb",  # RequestGuard lets no file through; should one get past it, it would be tiny
            strict_cors=True,
            enable_monitoring=False,
            run_history=False,
            share=False,
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            quiet=True,
        )
    except OSError as error:
        raise InputError(f"can't serve on port {server_port or 'any'}: {error}; choose another port") from None
    return str(address)


def describe_model(model: LSTMSentiment, model_id: str | None) -> str:
    """Return a note on the model as Markdown: its size, what it reads, what was measured, and where its card is."""
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    sentences = [
        f"The model is an LSTM of {num_parameters:,} parameters; it reads the first "
        f"{model.config.max_length_tokens:,} tokens of a text."
    ]
    try:
        test = (model.results or {})["splits"]["test"]
        sentences.append(f"It gets {100 * test['accuracy']:.1f} % of {test['num_rows']:,} test texts right.")
    except (KeyError, TypeError, ValueError):
        pass  # it was saved without results
    if model_id is not None:
        sentences.append(f"More in its [model card](https://huggingface.co/{model_id}).")
    return " ".join(sentences)


def _check_text(text: str | None, encoder: Encoder, config: ModelConfig) -> None:
    """Refuse a text for which there is no honest answer, or that is too long."""
    if text is None or not text.strip():
        raise _refuse("Please enter a text first.")
    if len(text) > MAX_CHARACTERS:
        raise _refuse(f"The text has {len(text):,} characters; at most {MAX_CHARACTERS:,}, please.")
    input_ids = encoder.encode(
        [text], max_length_tokens=config.max_length_tokens, truncation=config.truncation
    ).input_ids
    if (input_ids == config.unk_token_id).all():
        raise _refuse("The model knows none of these words, so any answer would be a guess.")


def _refuse(message: str) -> gr.Error:
    return gr.Error(message, duration=8, print_exception=False)
