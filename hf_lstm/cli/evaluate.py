"""Measures saved models and explains their mistakes."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.arguments import add_data_arguments, add_device_argument, add_precision_argument
from hf_lstm.cli.common.parser import EXAMPLE_MODEL, build_parser
from hf_lstm.errors import InputError
from hf_lstm.files.names import REPORT_FILES, expand_home
from hf_lstm.files.replacement import replace_files
from hf_lstm.rows.early_checks import refuse_missing

if TYPE_CHECKING:
    from hf_lstm.evaluation.evaluate import Evaluation


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "evaluate",
        "Measure a saved model on a split, or compare several: accuracy, loss, each label's figures, "
        "calibration, plots, and the most confident mistakes with the words behind them.",
        examples=[f"{EXAMPLE_MODEL} --dataset reviews.csv --output-dir evaluation", "runs/a runs/b runs/c"],
    )
    parser.add_argument("models", metavar="MODEL", nargs="+", help="model folder, or Hub id such as org/imdb-lstm")
    add_data_arguments(parser, of_run=True)
    parser.add_argument(
        "--split", default="test", choices=("train", "validation", "test"), help="split to measure (default: test)"
    )
    add_precision_argument(parser)
    add_device_argument(parser)
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        type=expand_home,
        help="folder for report.md, metrics.json, mistakes.md, errors.jsonl and plots; for several models, "
        "comparison.md, .json and .png (default: reports/MODEL or reports/comparison)",
    )
    return parser.parse_intermixed_args(argv)


def main(argv: Sequence[str]) -> None:
    """Measure the models, print the figures and write the report."""
    arguments = parse_arguments(argv)
    if arguments.dataset is not None:
        refuse_missing(arguments.dataset)
    is_comparison = len(arguments.models) > 1
    names = name_models(arguments.models)
    folder = arguments.output_dir or Path("reports") / ("comparison" if is_comparison else names[0])

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.report.comparison import COMPARISON_FILES, format_comparison, write_comparison
    from hf_lstm.report.plots.canvas import NO_PLOTS, can_draw
    from hf_lstm.report.summary import format_summary
    from hf_lstm.report.writer import write_report

    make_report_folder(folder)
    if is_comparison:
        measured = [score(model, arguments).measure(name) for model, name in zip(arguments.models, names, strict=True)]
        print(format_comparison(measured))
        with replace_files(folder, lambda: COMPARISON_FILES) as staging:
            write_comparison(staging, measured)
    else:
        scored = score(arguments.models[0], arguments)
        measurement = scored.measure(names[0])
        num_rows = f"{measurement.metrics.num_rows:,} rows of {measurement.dataset}"
        print(f"{arguments.models[0]}: {num_rows}, in {measurement.precision}\n\n{format_summary(measurement)}")
        analysis = scored.analyze()
        with replace_files(folder, lambda: REPORT_FILES) as staging:  # figures of one model beside plots of another lie
            write_report(staging, measurement, analysis)
    if not can_draw():
        print(f"\n{NO_PLOTS}")
    print(f"\nsaved in {folder}")


def score(path: str, arguments: argparse.Namespace) -> "Evaluation":
    """Load a model, and score the rows of the arguments."""
    from hf_lstm.evaluation.evaluate import score_model
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.rows.columns import Columns

    model = LSTMSentiment.from_pretrained(path, device=arguments.device)
    columns = Columns(arguments.text_column, arguments.label_column)
    return score_model(
        model,
        arguments.dataset,
        split=arguments.split,
        columns=columns,
        encoding=arguments.encoding,
        config=arguments.config,
        precision=arguments.precision,
    )


def name_models(paths: Sequence[str]) -> list[str]:
    """Return the shortest names to tell models apart.

    Each is the last part of the folder or Hub id, or as many of its last parts as differ from those of the others.
    """
    parts = [Path(path).resolve().parts for path in paths]
    names = []
    for own in parts:
        rivals = [other for other in parts if other != own]
        length = 1
        while any(own[-length:] == other[-length:] for other in rivals):
            length += 1
        names.append("/".join(own[-length:]))
    return names


def make_report_folder(folder: Path) -> None:
    """Make a folder, if need be.

    Raises:
        InputError: it can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"output folder {folder} can't be made: {error.strerror}; choose another") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"output folder {folder} can't be written; choose another")
