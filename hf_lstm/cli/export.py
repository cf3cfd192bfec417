"""Writes a saved model as ONNX, checked against PyTorch, or as a page for the browser."""

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.parser import EXAMPLE_MODEL, build_parser, wrap
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.shipped import FLAGSHIP

SAMPLE_FILE = Path(__file__).resolve().parents[1] / "resources" / "sample" / "test.parquet"
NUM_REVIEWS = 256
"""Reviews of that file. The graph is compared on them, as they are and cut to every length."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "export",
        "Write a saved model as ONNX, with tokenizer.json beside it, and compare it with PyTorch.",
        notes=wrap(
            "The graph takes input_ids (batch, time), padded on the right, and lengths (batch,), both int64. It "
            "gives logits and probabilities (batch, num_labels). The file's metadata says how texts are cut "
            "(max_length_characters, then kept_tokens: the first and the last so many), and has id2label, truncation "
            "and temperature. An empty text is one unk_token_id. docs/deployment.md has an example."
        ),
        examples=[EXAMPLE_MODEL, f"{EXAMPLE_MODEL} imdb-lstm.onnx", f"{EXAMPLE_MODEL} --browser page"],
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="model folder, or Hub id such as org/imdb-lstm (default, with --browser: flagship)",
    )
    parser.add_argument(
        "output",
        metavar="OUTPUT.onnx",
        type=expand_home,
        nargs="?",
        help="file to write (default: MODEL-onnx/model.onnx)",
    )
    parser.add_argument(
        "--browser",
        metavar="DIR",
        type=expand_home,
        help="write no ONNX but a static page into this folder, which classifies without a server: open index.html",
    )
    arguments = parser.parse_args(argv)
    if arguments.browser and arguments.output:
        raise InputError("OUTPUT.onnx and --browser: expected one of both")
    if arguments.model is None:
        if not arguments.browser:
            parser.error("the following arguments are required: MODEL")
        arguments.model = str(FLAGSHIP)
    return arguments


def main(argv: Sequence[str]) -> None:
    """Export the model, and print where it is."""
    arguments = parse_arguments(argv)
    if arguments.browser:
        export_page(arguments.model, arguments.browser)
    else:
        export_graph(arguments)


def export_graph(arguments: argparse.Namespace) -> None:
    """Export the model as ONNX, and print how far it differs from PyTorch."""
    output = arguments.output or choose_output_file(arguments.model)
    if output.suffix != ".onnx":
        raise InputError(f"output {output} must be the name of a file that ends in .onnx")

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    import onnx  # noqa: F401  # where either is missing, this says so before the model is loaded
    import onnxruntime  # noqa: F401

    from hf_lstm.export.onnx import export_onnx
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.rows.texts import read_texts

    reviews = list(itertools.islice(read_texts(SAMPLE_FILE), NUM_REVIEWS))
    model = LSTMSentiment.from_pretrained(arguments.model)
    export = export_onnx(model, output, reviews)
    print(
        f"saved {export.path}, {export.num_bytes / 1e6:.1f} MB: on {export.num_rows:,} real reviews and beginnings of "
        f"reviews, {export.min_length_tokens} to {export.max_length_tokens:,} tokens long, its probabilities differ "
        f"from PyTorch's by at most {export.max_difference:.1e}"
    )


def export_page(model_id: str, folder: Path) -> None:
    """Export the page of a model, and print where it is."""
    from hf_lstm.export.browser import PAGE_FILE, export_browser
    from hf_lstm.model.classifier import LSTMSentiment

    sizes = export_browser(LSTMSentiment.from_pretrained(model_id), folder)
    print(f"saved {folder / PAGE_FILE}, {sum(sizes.values()) / 1e6:.1f} MB with all it needs: open it in a browser")


def choose_output_file(model: str) -> Path:
    """Choose the file to write if none is given.

    It is beside a model folder, or in the working directory for a model of the Hub.
    """
    folder = expand_home(model)
    parent = folder.resolve().parent if folder.is_dir() else Path()
    return parent / f"{folder.resolve().name if folder.is_dir() else folder.name}-onnx" / "model.onnx"
