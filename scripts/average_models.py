"""Averages the weights of models that started from the same one.

Usage: `python scripts/average_models.py --help`.
"""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from hf_lstm import LSTMSentiment
    from hf_lstm.config import ModelConfig


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Average the weights of models with the same tokenizer, network and labels, and save the result as "
        "a model. That helps where one was fine-tuned from the other, or both from a third: the average errs less than "
        "either (Wortsman et al., 'Model soups', 2022, https://arxiv.org/abs/2203.05482). It is not calibrated."
    )
    parser.add_argument("models", metavar="MODEL", nargs="+", help="folders of models; two at least")
    parser.add_argument("--output-dir", metavar="FOLDER", type=Path, required=True, help="where the average goes")
    arguments = parser.parse_args(argv)
    if len(arguments.models) < 2:
        parser.error("give two models at least")
    if arguments.output_dir.exists():
        parser.error(f"{arguments.output_dir} is there already; give another --output-dir")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Average the models, and save the result."""
    arguments = parse_arguments(argv)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm import LSTMSentiment

    models = [LSTMSentiment.from_pretrained(name) for name in arguments.models]
    for name, model in zip(arguments.models[1:], models[1:], strict=True):
        check_alike(arguments.models[0], models[0], name, model)
    average = models[0]
    average.load_state_dict(average_weights([model.state_dict() for model in models]))
    average.config = _forget_fitted(average.config)
    average.save_pretrained(arguments.output_dir)
    print(f"saved in {arguments.output_dir}")


def check_alike(one_name: str, one: "LSTMSentiment", other_name: str, other: "LSTMSentiment") -> None:
    """Check that two models read texts alike, and have weights of the same names and shapes.

    Raises:
        InputError: they don't.
    """
    found = {
        "tokenizers": (one.require_tokenizer().to_str(), other.require_tokenizer().to_str()),
        "labels": (one.config.label_names, other.config.label_names),
        "settings": (_forget_fitted(one.config), _forget_fitted(other.config)),
        "shapes of weights": (_list_shapes(one), _list_shapes(other)),
    }
    for what, (of_one, of_other) in found.items():
        if of_one != of_other:
            raise InputError(
                f"{one_name} and {other_name}: other {what}, expected the same; average models that started from the "
                "same one"
            )


def _forget_fitted(config: "ModelConfig") -> "ModelConfig":
    return dataclasses.replace(config, temperature=1.0, thresholds=None)


def _list_shapes(model: "LSTMSentiment") -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def average_weights(weights: "Sequence[Mapping[str, Tensor]]") -> "dict[str, Tensor]":
    """Average tensors by name, in float64 and each in the dtype of the first."""
    import torch

    return {
        name: torch.stack([each[name].double() for each in weights]).mean(dim=0).to(value.dtype)
        for name, value in weights[0].items()
    }


if __name__ == "__main__":
    run_command_line(main)
