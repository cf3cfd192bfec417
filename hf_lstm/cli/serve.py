"""Serves a saved model as a web page, or as an API for programs."""

import argparse
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.parser import EXAMPLE_MODEL, build_parser
from hf_lstm.errors import InputError
from hf_lstm.shipped import FLAGSHIP, locate_model

_SETTINGS = """\
also read from the environment:
  MODEL_ID            the model, unless MODEL is given; a folder needs no network
  HF_TOKEN            access token, for a private model
  GRADIO_SERVER_NAME  the address, unless --host is given; Spaces set it
  GRADIO_SERVER_PORT  the port, unless --port is given
  GRADIO_ROOT_PATH    the page's address as visitors know it, behind a proxy of your own"""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "serve",
        "Serve a saved model as a web page, or as an API for programs, until Ctrl-C.",
        notes=_SETTINGS,
        examples=[EXAMPLE_MODEL, f"{EXAMPLE_MODEL} --host 0.0.0.0 --port 8000", f"{EXAMPLE_MODEL} --api"],
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=locate_model,
        nargs="?",
        help="model folder, or Hub id such as org/imdb-lstm (default: MODEL_ID, else flagship)",
    )
    parser.add_argument(
        "--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1, this machine alone)"
    )
    parser.add_argument(
        "--port", metavar="N", help="port to listen on (default: the first free one from 7860 on; 8000 with --api)"
    )
    parser.add_argument(
        "--api",
        action="store_true",
        help="serve programs alone, without a page: /classify, /explain, /health, and /docs, which describes them",
    )
    parser.add_argument(
        "--publish-examples",
        action="store_true",
        help="show the mistakes of a model folder, with texts of the data (default: only those of public data)",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str], *, default_model: Path = FLAGSHIP) -> None:
    """Load the model, and serve the page until stopped.

    `default_model` is a folder, which need not be there.
    """
    arguments = parse_arguments(argv)
    model_id = arguments.model or choose_model(os.environ.get("MODEL_ID", "").strip(), default_model)
    server_port = read_port("--port", arguments.port)
    if server_port is None:
        server_port = read_port("GRADIO_SERVER_PORT", os.environ.get("GRADIO_SERVER_PORT"))

    if arguments.api:
        serve_api(model_id, arguments.host or "127.0.0.1", server_port)
        return

    # Imported here, after the settings are checked, since it takes seconds.
    import gradio  # noqa: F401  # where it is missing, this says so before PyTorch is loaded
    import torch

    from hf_lstm.demo.app import build_demo, launch_demo
    from hf_lstm.demo.content.figures import fetch_report_folder
    from hf_lstm.model.classifier import LSTMSentiment

    torch.set_num_threads(1)  # texts are classified side by side: more threads would wait for each other
    model = LSTMSentiment.from_pretrained(model_id, device="auto")
    card_id = None if Path(model_id).is_dir() else model_id
    report_folder = fetch_report_folder(model_id)
    if card_id is None and not (arguments.publish_examples or is_report_public(Path(model_id))):
        report_folder = None
    demo = build_demo(model, model_id=card_id, report_folder=report_folder)
    try:
        address = launch_demo(demo, server_name=arguments.host, server_port=server_port)
        print(f"serving {model_id} at {address}", flush=True)
        threading.Event().wait()  # until Ctrl-C or SIGTERM
    finally:
        demo.close(verbose=False)


def serve_api(model_id: str, host: str, port: int | None) -> None:
    """Load a model, and serve its API until stopped."""
    import fastapi  # noqa: F401  # where it is missing, this says so before PyTorch is loaded

    from hf_lstm.api.app import build_app
    from hf_lstm.api.server import DEFAULT_PORT, open_socket, run_server
    from hf_lstm.model.classifier import LSTMSentiment

    with open_socket(host, DEFAULT_PORT if port is None else port) as listener:
        model = LSTMSentiment.from_pretrained(model_id, device="auto")
        model.predict("The first answer takes longer than the others.")
        address, port = listener.getsockname()[:2]
        print(f"serving {model_id} at http://{address}:{port}, described at http://{address}:{port}/docs", flush=True)
        folder = Path(model_id)
        name = folder.resolve().name if folder.is_dir() else model_id  # clients need not know where it lies
        run_server(build_app(model, name=name), listener)


def is_report_public(folder: Path) -> bool:
    """Return whether anybody may read the texts of the report in a model folder."""
    from hf_lstm.hub.privacy import is_folder_public, may_show_mistakes

    return may_show_mistakes(folder, is_public=is_folder_public(folder))


def choose_model(model_id: str, default_model: Path) -> str:
    """Return the model of `MODEL_ID`, or the default one.

    Raises:
        InputError: there is neither.
    """
    if not model_id and not default_model.is_dir():
        raise InputError(
            "no model is given, and MODEL_ID is not set; expected a model folder, or a Hub id such as org/imdb-lstm"
        )
    return locate_model(model_id) if model_id else os.path.relpath(default_model)


def read_port(name: str, text: str | None) -> int | None:
    """Read a port from a setting; None if it is empty.

    `name` is that of the setting, for the error message.

    Raises:
        InputError: it is no port.
    """
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise InputError(f"{name} is {text!r}, expected a number from 1 to 65535")
    return int(text)
