"""Builds and starts the demo, a page and API around one model.

It is closed to all that classifying texts does not need.
"""

import functools
import os
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware

from hf_lstm.answers.wording import word_page
from hf_lstm.demo.batch_tab import add_batch_tab
from hf_lstm.demo.components import RESOURCES
from hf_lstm.demo.content.figures import list_facts
from hf_lstm.demo.guards.connections import ConnectionWatch
from hf_lstm.demo.guards.middleware import RequestGuard
from hf_lstm.demo.guards.request_checks import MAX_UPLOAD_BYTES, UPLOAD_LIFETIME_S, count_waiting, list_endpoints
from hf_lstm.demo.guards.server_logs import redact_server_logs
from hf_lstm.demo.model_tab import add_model_tab
from hf_lstm.demo.single_tab import add_single_tab
from hf_lstm.demo.theme import make_theme
from hf_lstm.errors import InputError
from hf_lstm.files.writing import make_temporary_folder
from hf_lstm.model.classifier import LSTMSentiment

MAX_QUEUE_SIZE = 64
"""Requests that may wait for each endpoint; more are told that the demo is busy."""
MAX_THREADS = 4
"""Requests computed at a time, of all endpoints together."""

_GRADIO_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # By default Gradio keeps figures of the last 10,000 answers, and summarizes them with pandas after each one.
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9),
}
"""These can be set by the environment alone."""
_STYLE_FILE, _SCRIPT_FILE = RESOURCES / "page.css", RESOURCES / "page.js"
_CLEANING_INTERVAL_S = 60


def build_demo(model: LSTMSentiment, *, model_id: str | None = None, report_folder: Path | None = None) -> gr.Blocks:
    """Build the page and its API.

    `launch_demo` starts it. The API is `/classify`, `/explain` and `/classify_batch`.

    Args:
        model: what classifies.
        model_id: where the model's card is on the Hub, if it is there.
        report_folder: the report of the run that made the model, if it is at hand.
    """
    wording = word_page(model)
    os.environ.update(_GRADIO_SETTINGS, GRADIO_TEMP_DIR=str(_make_upload_folder()))  # read as components are made
    shown_labels = wording.map_labels(model.config.label_names)
    with gr.Blocks(
        title=wording.title, analytics_enabled=False, delete_cache=(_CLEANING_INTERVAL_S, UPLOAD_LIFETIME_S)
    ) as demo:
        gr.Markdown(f"# {wording.title}\n{wording.description}", elem_id="heading")
        with gr.Tab("One text"):
            add_single_tab(model, wording, list_facts(model))
        with gr.Tab("Many texts"):
            add_batch_tab(model, wording)
        with gr.Tab("The model"):
            add_model_tab(model, shown_labels, model_id=model_id, report_folder=report_folder)
    return demo


def launch_demo(demo: gr.Blocks, *, server_name: str | None = None, server_port: int | None = None) -> str:
    """Serve the demo in the background, and return its address.

    All that it does not need is turned off.

    Args:
        demo: what `build_demo` returned; `demo.close()` stops it.
        server_name: address to listen on; by default `GRADIO_SERVER_NAME`, else this machine alone.
        server_port: by default the first free one from 7860 on.

    Raises:
        InputError: the port is taken, or may not be used.
    """
    demo.queue(max_size=MAX_QUEUE_SIZE, default_concurrency_limit=1, api_open=False)
    guard = Middleware(
        RequestGuard,
        upload_folder=_make_upload_folder(),
        endpoints=list_endpoints(demo),
        count_waiting=functools.partial(count_waiting, demo),
        max_waiting=MAX_QUEUE_SIZE,
    )
    redact_server_logs()
    try:
        _, address, _ = demo.launch(
            server_name=server_name,
            server_port=server_port,
            prevent_thread_lock=True,
            app_kwargs={"middleware": [guard], "openapi_url": None},
            theme=make_theme(),
            css_paths=[_STYLE_FILE],
            js=_SCRIPT_FILE.read_text(encoding="utf-8"),
            footer_links=["api", "gradio", "settings"],
            show_error=False,
            max_threads=MAX_THREADS,
            state_session_capacity=MAX_QUEUE_SIZE,  # our sessions have no state, but Gradio would keep 10,000 of them
            max_file_size=MAX_UPLOAD_BYTES,
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
    ConnectionWatch(demo.server)
    return str(address)


@functools.cache
def _make_upload_folder() -> Path:
    """Make this process's own folder for uploads, and return it."""
    return make_temporary_folder("hf-lstm-demo-").resolve()
