"""Measures how far bfloat16 is from float32.

Usage: `python scripts/measure_precision.py --help`.
"""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.cli.common.arguments import add_data_arguments, add_device_argument, check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    import torch
    from datasets import Dataset

    from hf_lstm.config import ModelConfig
    from hf_lstm.model.classifier import LSTMSentiment


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Compare each model's labels, probabilities and logit margins in bfloat16, and in what "
        "`precision='auto'` picks here, with those in float32, on the test split as the data set has it.",
        epilog="example: python scripts/measure_precision.py runs/packed-lstm --output precision.json",
    )
    parser.add_argument("models", metavar="MODEL", nargs="+", help="model folder, or Hub id such as org/imdb-lstm")
    add_data_arguments(parser, default_dataset="stanfordnlp/imdb")
    add_device_argument(parser)
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the figures as JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Measure the models, and print or write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    names = [Path(source).name for source in arguments.models]
    if len(set(names)) < len(names):
        raise InputError(f"models {', '.join(names)}: two have the same name; measure them one by one")

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.data.loading import load_split
    from hf_lstm.files.writing import write_json
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.records.places import strip_command
    from hf_lstm.rows.columns import Columns
    from hf_lstm.sources.label_feature import Labels

    figures: dict[str, Any] = {}
    for name, source in zip(names, arguments.models, strict=True):
        model = LSTMSentiment.from_pretrained(source, device=arguments.device)
        rows = load_split(
            arguments.dataset,
            "test",
            labels=Labels.of_model(model.config),
            columns=Columns(arguments.text_column, arguments.label_column),
        )
        figures[name] = measure_precision(model, rows)
        print(f"{name}, {len(rows):,} rows: {describe(figures[name])}", flush=True)
    if arguments.output is not None:
        command = strip_command(f"python scripts/measure_precision.py {shlex.join(argv)}")
        write_json(arguments.output, {"command": command, **figures})
        print(f"saved in {arguments.output}")


def measure_precision(model: "LSTMSentiment", rows: "Dataset") -> dict[str, Any]:
    """Compare a model in bfloat16 and in `auto` with float32.

    `auto` is what it stands for on the model's device.
    """
    from hf_lstm.data.encoded import encode_split
    from hf_lstm.model.prediction import compute_logits
    from hf_lstm.runtime.devices import name_dtype, resolve_precision

    texts = encode_split(rows, model.require_tokenizer(), model.config).texts
    device, hidden_size = model.device, model.config.hidden_size
    dtypes = {
        precision: resolve_precision(precision, device, model=model.config)
        for precision in ("float32", "bfloat16", "auto")
    }
    logits = {dtype: compute_logits(model, texts, dtype=dtype) for dtype in dict.fromkeys(dtypes.values())}
    comparisons = {
        precision: compare(logits[dtypes[precision]], logits[dtypes["float32"]], model.config)
        for precision in ("bfloat16", "auto")
    }
    comparisons["auto"]["dtype"] = name_dtype(dtypes["auto"])
    return {"num_reviews": len(texts), "hidden_size": hidden_size, **comparisons}


def compare(logits: "torch.Tensor", exact: "torch.Tensor", config: "ModelConfig") -> dict[str, Any]:
    """Compare logits with exact ones.

    Returns the share of equal labels, and the largest differences of the probabilities and of the logit margins. A
    margin is a logit less that of the first label: what the label hangs on, as it is also where a model has a single
    logit. Both arrays are float32 (rows, labels); the probabilities are calibrated, the margins are not.
    """
    from hf_lstm.model.prediction import compute_probabilities

    probabilities, exact_probabilities = (compute_probabilities(each, config) for each in (logits, exact))
    margins, exact_margins = (each - each[:, :1] for each in (logits, exact))
    return {
        "same_labels": float((logits.argmax(dim=1) == exact.argmax(dim=1)).double().mean()),
        "largest_difference": float(abs(probabilities - exact_probabilities).max()),
        "largest_margin_difference": float((margins - exact_margins).abs().max()),
        "largest_margin": float(exact_margins.abs().max()),
    }


def describe(figures: dict[str, Any]) -> str:
    """Describe one model's figures in words."""
    names = {"bfloat16": "bfloat16", "auto": f"auto ({figures['auto']['dtype']})"}
    return "; ".join(
        f"{name} gives {100 * figures[precision]['same_labels']:.2f} % the label of float32, probabilities differ by "
        f"up to {figures[precision]['largest_difference']:.2g}, logit margins by up to "
        f"{figures[precision]['largest_margin_difference']:.2g}"
        for precision, name in names.items()
    )


if __name__ == "__main__":
    run_command_line(main)
