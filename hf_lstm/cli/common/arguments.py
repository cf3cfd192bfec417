"""Adds the arguments that several commands take, and checks them."""

import argparse
import dataclasses
import os
from pathlib import Path
from typing import Any

from hf_lstm.config import Recipe
from hf_lstm.errors import InputError
from hf_lstm.records.places import join_sources
from hf_lstm.tracking.trackers import TRACKERS


def add_data_arguments(
    parser: argparse.ArgumentParser, *, default_dataset: str | None = None, of_run: bool = False
) -> None:
    """Add the arguments for the rows to read; by default those of the recipe, or of the run of a model."""
    default = "default: that of the model's run" if of_run else "default: the one the recipe names"
    default = default if default_dataset is None else f"default: {default_dataset}"
    default_column = "(default: that of the model's run)" if of_run else "(default: found by its name)"
    parser.add_argument(
        "--dataset",
        metavar="SOURCE",
        nargs="+",
        action=_JoinSources,
        default=default_dataset,
        help="Hub id, folder, files (.csv, .tsv, .jsonl, .parquet, .xlsx ...; also 'reviews/*.csv'), or `sample` for "
        f"the reviews in the package ({default})",
    )
    parser.add_argument("--config", metavar="NAME", help="which configuration to read, if the data set has several")
    parser.add_argument("--text-column", metavar="NAME", help=f"column of the text {default_column}")
    parser.add_argument(
        "--label-column",
        metavar="NAME",
        help=f"column of the label {default_column}; with commas between, columns of 0 and 1 of any number of labels",
    )
    add_encoding_argument(parser)


def add_encoding_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the encoding of text files."""
    parser.add_argument(
        "--encoding", metavar="NAME", help="encoding of text files, e.g. cp1252 or gb18030 (default: UTF-8)"
    )


class _JoinSources(argparse.Action):
    """Keeps several names of files as the one source that a recipe can remember."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Join the names."""
        setattr(namespace, self.dest, join_sources(values))


def apply_columns(recipe: Recipe, arguments: argparse.Namespace) -> Recipe:
    """Put the columns, encoding and configuration of `add_data_arguments` into a recipe."""
    data = recipe.data.with_columns(
        arguments.text_column, arguments.label_column, encoding=arguments.encoding, config=arguments.config
    )
    return dataclasses.replace(recipe, data=data)


def add_precision_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the number format to compute in."""
    parser.add_argument(
        "--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="number format (default: auto)"
    )


def add_device_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the device to compute on."""
    parser.add_argument(
        "--device",
        default="auto",
        metavar="NAME",
        help="cpu, cuda, xpu, mps, or auto for an accelerator if there is one (default: auto)",
    )


def add_track_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for a program that shows the run."""
    parser.add_argument("--track", choices=TRACKERS, help="show the run there while it trains")


def add_settings_argument(
    parser: argparse.ArgumentParser, *, example: str = "train.learning_rate=3e-4 model.hidden_size=128"
) -> None:
    """Add the argument `--set` for a recipe's settings.

    It may be given more than once. What is given is in `assignments`.
    """
    parser.add_argument(
        "--set",
        dest="assignments",
        metavar="SECTION.KEY=VALUE",
        action="extend",
        nargs="+",
        default=[],
        help=f"change a setting of the recipe, e.g. {example}",
    )


def check_output_file(output: Path | None) -> None:
    """Check that the file of `--output` can be written.

    This is for the start, before any work is done. None is fine.

    Raises:
        InputError: it is a folder, a pipe or a device, or there is no folder for it, or none that can be written.
    """
    if output is None:
        return
    if output.is_dir():
        raise InputError(f"--output {output}: is a folder, expected the name of a file")
    if output.exists() and not output.is_file():
        raise InputError(f"--output {output}: is a pipe or a device, expected the name of a file")
    folder = Path(os.path.realpath(output)).parent if output.is_symlink() else output.parent
    if not folder.is_dir():
        raise InputError(f"--output {output}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK):
        raise InputError(f"--output {output}: the folder {folder} can't be written; choose another")
