"""Measures the harm of reading padding as text.

Usage: `python scripts/show_padding_harm.py --help`.
"""

import argparse
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.arguments import (
    add_data_arguments,
    add_device_argument,
    add_settings_argument,
    apply_columns,
    check_output_file,
)
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import get_recipe

if TYPE_CHECKING:
    from hf_lstm.model.classifier import LSTMSentiment

RECIPE = "packed-lstm"
WARNING = "reads padding as text"
# As beginners write it: PyTorch's defaults, and batches as they come.
ASSIGNMENTS = ["model.initialization=torch", "train.group_by_length=false"]


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=f"Train {RECIPE} as a warning: each review is filled up with <pad> to the longest length, and the "
        "LSTM reads that as if it were text, from PyTorch's own initialization. The figures are kept; the model isn't.",
        epilog="example: python scripts/show_padding_harm.py --output warning.json --set train.num_epochs=3",
    )
    add_data_arguments(parser, default_dataset="stanfordnlp/imdb")
    add_device_argument(parser)
    parser.add_argument("--output", metavar="FILE", type=Path, required=True, help="where to write the run's results")
    add_settings_argument(parser)
    parser.add_argument("--no-progress", dest="show_progress", action="store_false", help="show no progress bars")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Train the model, and print and write the results."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    dataset = f"data.dataset={arguments.dataset}"
    recipe = override_recipe(get_recipe(RECIPE), [*ASSIGNMENTS, dataset, *arguments.assignments])
    recipe = apply_columns(recipe, arguments)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.files.writing import write_json
    from hf_lstm.records.reading import to_json
    from hf_lstm.training.options import RunOptions
    from hf_lstm.training.run import run_experiment

    with tempfile.TemporaryDirectory() as folder:  # not kept: `from_pretrained` would load it without the mistake
        options = RunOptions(
            output_dir=Path(folder) / "model",
            device=arguments.device,
            command=f"python scripts/show_padding_harm.py {shlex.join(argv)}",
            show_progress=arguments.show_progress,
            model_class=make_padding_reader(),
        )
        results = run_experiment(recipe, options)
    published = {"test_accuracy": recipe.published["test_accuracy_without_packing"]}
    write_json(arguments.output, {**to_json(results), "warning": WARNING, "published": published})
    test = results.splits["test"]
    print(f"{RECIPE} that {WARNING}: test accuracy {100 * test.accuracy:.2f} %, loss {test.loss:.4f}")
    print(f"saved in {arguments.output}")


def make_padding_reader() -> "type[LSTMSentiment]":
    """Return the model's class with the mistake of reading padding.

    The last state is then that of the last padding.
    """
    import torch
    from torch.nn import functional

    from hf_lstm.model.classifier import LSTMSentiment

    class PaddingReader(LSTMSentiment):
        """Reads each row as if it were of the longest length.

        The embedding of `<pad>` is zero and stays so.
        """

        def forward(self, input_ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            """Compute float32 logits (batch, num_labels) of the state after the padding."""
            num_missing = self.config.max_length_tokens - input_ids.shape[1]
            filled = functional.pad(input_ids, (0, num_missing), value=self.config.pad_token_id)
            return super().forward(filled, torch.full_like(lengths, filled.shape[1]))

    return PaddingReader


if __name__ == "__main__":
    run_command_line(main)
