"""Measures models on short and tricky texts, which reviews of films teach little about.

Usage: `python scripts/measure_short_texts.py --help`.
"""

import argparse
import csv
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.cli.common.arguments import add_device_argument, check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from hf_lstm.shipped import FLAGSHIP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEXTS = Path(__file__).with_name("short_texts.csv")
PAIRED = ("pair", "negation", "rewrite", "unseen_pair", "contrast")
"""The kinds whose texts stand two by two: a few words turn the verdict."""


@dataclass(frozen=True)
class ShortText:
    """Holds a text, its label and its kind."""

    text: str
    label: str
    kind: str


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Measure accuracy and calibration on the texts of scripts/short_texts.csv: everyday sentences, "
        "single words, tricky reviews, and pairs in which a few words turn the verdict. Nothing is chosen on them. "
        "contrast, unseen_pair and typed were written by one who knew nothing of how models are taught.",
        epilog="example: python scripts/measure_short_texts.py space/model space/tiny_model "
        "--output results/short_texts.json",
    )
    parser.add_argument(
        "models", metavar="MODEL", nargs="*", default=[str(FLAGSHIP)], help="(default: the model that comes along)"
    )
    parser.add_argument("--texts", metavar="FILE", type=Path, default=TEXTS, help="CSV with text, label, kind")
    add_device_argument(parser)
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the figures as JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Measure the models, and print or write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    texts = read_texts(arguments.texts)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.files.writing import write_json
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.records.places import strip_command

    figures: dict[str, Any] = {}
    for source in arguments.models:
        model = LSTMSentiment.from_pretrained(source, device=arguments.device)
        name = describe_model(source, model.recipe.name if model.recipe else None)
        if name in figures:
            raise InputError(f"models: two are called {name}; measure them one by one")
        probabilities = model.predict_proba([each.text for each in texts], precision="float32").numpy()
        figures[name] = measure_kinds(texts, probabilities, model.config.label_names)
        print(f"{name}: {describe(figures[name])}")
    if arguments.output is not None:
        command = strip_command(f"python scripts/measure_short_texts.py {shlex.join(argv)}".rstrip())
        write_json(arguments.output, {"command": command, **figures})
        print(f"saved in {arguments.output}")


def describe_model(source: str, recipe: str | None) -> str:
    """Name a model: by its recipe, where the folder's name says nothing."""
    name = Path(source).name
    return recipe if name == "model" and recipe else name


def read_texts(path: Path) -> list[ShortText]:
    """Read the texts.

    Raises:
        InputError: the file is no CSV with the columns text, label and kind, or pairs are not whole.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            texts = [ShortText(row["text"], row["label"], row["kind"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error!r}); expected a CSV with text, label and kind") from None
    for kind in PAIRED:
        labels = [each.label for each in texts if each.kind == kind]
        if len(labels) % 2 or any(one == other for one, other in zip(labels[::2], labels[1::2], strict=False)):
            raise InputError(f"{path}: texts of kind {kind} must stand two by two, with different labels")
    return texts


def measure_kinds(
    texts: Sequence[ShortText], probabilities: "NDArray[np.float32]", label_names: Sequence[str]
) -> dict[str, Any]:
    """Measure the answers `(num_texts, num_labels)` to all texts, and to those of each kind.

    Raises:
        InputError: a text has a label that the model does not have.
    """
    import numpy as np

    from hf_lstm.evaluation.calibration import compute_calibration

    unknown = sorted({each.label for each in texts} - set(label_names))
    if unknown:
        raise InputError(f"the model does not have the labels {', '.join(unknown)}; expected a model of film reviews")
    labels = np.array([label_names.index(each.label) for each in texts])
    kinds = np.array([each.kind for each in texts])
    found: dict[str, Any] = {}
    for kind in ("all", *dict.fromkeys(kinds.tolist())):
        rows = np.flatnonzero((kinds == kind) | (kind == "all"))
        is_right = probabilities[rows].argmax(axis=1) == labels[rows]
        found[kind] = {
            "num_texts": len(rows),
            "accuracy": float(is_right.mean()),
            "mean_probability": float(probabilities[rows].max(axis=1).mean()),
            "expected_calibration_error": compute_calibration(
                probabilities[rows], labels[rows]
            ).expected_calibration_error,
        }
        if kind in PAIRED:
            found[kind]["whole_pairs"] = float((is_right[::2] & is_right[1::2]).mean())
    return found


def describe(figures: dict[str, Any]) -> str:
    """Describe a model's figures in words."""
    told = []
    for kind, of_kind in figures.items():
        accuracy, error = (100 * of_kind[name] for name in ("accuracy", "expected_calibration_error"))
        told.append(f"{kind} {accuracy:.1f} %, calibration error {error:.0f} %")
    return "; ".join(told)


if __name__ == "__main__":
    run_command_line(main)
