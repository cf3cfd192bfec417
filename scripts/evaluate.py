"""Measure a saved model on a split, and explain its mistakes: `python scripts/evaluate.py --help`."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.cli import add_data_arguments, add_device_argument, run_command_line
from hf_lstm.config import DataConfig
from hf_lstm.errors import InputError
from hf_lstm.report import (
    draw_confusion_matrix,
    draw_reliability,
    find_mistakes,
    format_report,
    require_matplotlib,
    save_figure,
)

if TYPE_CHECKING:
    import numpy as np
    import torch
    from datasets import Dataset
    from numpy.typing import NDArray

    from hf_lstm.modeling import LSTMSentiment

MAX_MISTAKES = 100


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description="Measure a saved model on a split: accuracy, loss, each label's figures, calibration.",
        epilog="example: python scripts/evaluate.py runs/packed-lstm --dataset reviews.csv --output-dir evaluation",
    )
    parser.add_argument("model", metavar="MODEL", help="model folder, or Hub id such as org/imdb-lstm")
    add_data_arguments(parser, default_dataset=None)
    parser.add_argument(
        "--split", default="test", choices=("train", "validation", "test"), help="of the data set (default: test)"
    )
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="(default: auto)")
    add_device_argument(parser)
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        type=Path,
        help="write metrics.json, confusion_matrix.png, reliability.png, and errors.jsonl, the most confident mistakes",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Measure, print, and write what was asked for."""
    arguments = parse_arguments(argv)
    if arguments.output_dir is not None:
        require_matplotlib()
        make_folder(arguments.output_dir)

    # Imported once the arguments are known to be right: `--help` and typing errors answer at once.
    from hf_lstm.devices import resolve_precision
    from hf_lstm.modeling import LSTMSentiment

    model = LSTMSentiment.from_pretrained(arguments.model, device=arguments.device)
    source, rows = load_rows(model, arguments)
    dtype = resolve_precision(arguments.precision, model.embedding.weight.device, hidden_size=model.config.hidden_size)
    metrics, probabilities = measure(model, rows, dtype)
    evaluation = {
        "model": arguments.model,
        "dataset": source,
        "split": arguments.split,
        "device": str(model.embedding.weight.device),
        "precision": str(dtype).removeprefix("torch."),
        "metrics": metrics,
    }
    print(f"{arguments.model}: {metrics['num_rows']:,} rows of {source}, in {evaluation['precision']}\n")
    print(format_report(metrics))
    if arguments.output_dir is not None:
        write_report(arguments.output_dir, evaluation, rows, probabilities)
        print(f"\nsaved in {arguments.output_dir}")


def load_rows(model: "LSTMSentiment", arguments: argparse.Namespace) -> tuple[str, "Dataset"]:
    """Return the data set's name and the rows of the split, with the model's class ids.

    The data set that the model was trained on is cut as it was then: no row of train is measured as one of test.
    """
    from hf_lstm.data import load_split, load_splits

    label_names = list_labels(model)
    columns = {"text_column": arguments.text_column, "label_column": arguments.label_column}
    trained_on = read_data_config(model)
    source = arguments.dataset or (trained_on or DataConfig()).dataset
    if trained_on is None or not is_same_source(source, trained_on.dataset):
        return source, load_split(source, arguments.split, label_names=label_names, **columns)
    rows = load_splits(trained_on, **columns)[arguments.split]
    if rows.features["label"].names != label_names:
        found = ", ".join(rows.features["label"].names)
        raise InputError(
            f"{source}: its labels are {found}, but the model's are {', '.join(label_names)}; pass --dataset"
        )
    return source, rows


def read_data_config(model: "LSTMSentiment") -> DataConfig | None:
    """Return which rows the model was trained on, None if it was saved without its recipe."""
    if model.recipe is None:
        return None
    try:
        return DataConfig(**model.recipe["data"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the model's recipe.json does not say which rows it was trained on: {error}") from None


def is_same_source(first: str, second: str) -> bool:
    """Return whether two names mean the same data set, as names or as paths."""
    return first == second or (os.path.exists(first) and os.path.realpath(first) == os.path.realpath(second))


def list_labels(model: "LSTMSentiment") -> list[str]:
    """Return the model's labels in the order of their ids."""
    return [(model.config.id2label or {})[index] for index in range(model.config.num_labels)]


def measure(
    model: "LSTMSentiment", rows: "Dataset", dtype: "torch.dtype"
) -> tuple[dict[str, Any], "NDArray[np.float32]"]:
    """Return the metrics, and the probabilities (num_rows, num_labels) that they are measured of."""
    from hf_lstm.batching import encode_split
    from hf_lstm.calibration import compute_calibration, compute_probabilities
    from hf_lstm.evaluation import measure_logits
    from hf_lstm.prediction import compute_logits

    assert model.tokenizer is not None
    encoded = encode_split(rows, model.tokenizer, model.config)
    logits = compute_logits(model, encoded.texts, dtype=dtype)
    probabilities = compute_probabilities(logits, model.config.temperature)
    metrics = measure_logits(logits, encoded.labels, model.config)
    return {**metrics, "calibration": compute_calibration(probabilities, encoded.labels)}, probabilities


def make_folder(folder: Path) -> None:
    """Make the folder if need be.

    Raises:
        InputError: it can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"output folder {folder} can't be made: {error.strerror}; choose another") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"output folder {folder} can't be written; choose another")


def write_report(
    folder: Path, evaluation: dict[str, Any], rows: "Dataset", probabilities: "NDArray[np.float32]"
) -> None:
    """Write the metrics, the plots and the most confident mistakes into a folder."""
    from hf_lstm.model_files import write_json
    from hf_lstm.text_files import write_rows

    metrics = evaluation["metrics"]
    write_json(folder / "metrics.json", evaluation)
    save_figure(draw_confusion_matrix(metrics), folder / "confusion_matrix.png")
    save_figure(draw_reliability(metrics["calibration"]), folder / "reliability.png")
    names = metrics["confusion_matrix"]["labels"]
    labels = rows.with_format("numpy")["label"][:]
    mistakes = [
        {
            "row": row,
            "label": names[labels[row]],
            "predicted": names[probabilities[row].argmax()],
            "score": round(float(probabilities[row].max()), 6),
            "text": rows[row]["text"],
        }
        for row in find_mistakes(probabilities, labels, max_rows=MAX_MISTAKES).tolist()
    ]
    write_rows(folder / "errors.jsonl", mistakes, ("row", "label", "predicted", "score", "text"))


def give_way_to_library() -> None:
    """Put the library `evaluate` in the place of this module: that is what any script beside it means to import."""
    folder = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [path for path in sys.path if os.path.abspath(path) != folder]
    spec = PathFinder.find_spec("evaluate", elsewhere)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("No module named 'evaluate'", name="evaluate")
    library = sys.modules["evaluate"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)


if __name__ == "__main__":
    run_command_line(main)
elif __name__ == "evaluate":  # found in place of the library, since Python looks into a script's own folder first
    give_way_to_library()
