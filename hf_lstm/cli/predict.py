"""Scores a text, a file of texts, or standard input."""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from hf_lstm.cli.common.arguments import (
    add_device_argument,
    add_encoding_argument,
    add_precision_argument,
    check_output_file,
)
from hf_lstm.cli.common.parser import EXAMPLE_MODEL, build_parser
from hf_lstm.cli.common.standard_streams import say
from hf_lstm.cli.scoring.inputs import STANDARD_INPUT, check_input, check_output, open_input
from hf_lstm.cli.scoring.on_ray import saying_how_to_go_on, score_on_ray
from hf_lstm.files.names import expand_home
from hf_lstm.progress import can_show_bars
from hf_lstm.rows.texts import looks_like_file
from hf_lstm.runtime.garbage import pausing_collection
from hf_lstm.shipped import FLAGSHIP, locate_model

if TYPE_CHECKING:
    from hf_lstm.answers.rows import TextRows
    from hf_lstm.model.classifier import LSTMSentiment


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "predict",
        "Score texts: the most probable label of each, and its probability, in the order given.",
        examples=[
            '"A wonderful film."',
            f'{EXAMPLE_MODEL} "A wonderful film."',
            f"{EXAMPLE_MODEL} reviews.csv --output scored.csv",
            f"{EXAMPLE_MODEL} 'reviews/*.parquet' --engine ray --output scored",
        ],
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=locate_model,
        nargs="?",
        help="flagship, flagship-tiny, a model folder, or a Hub id such as org/imdb-lstm (default: flagship)",
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        help="a text; a file: .txt with a text on each line, or .csv, .tsv, .jsonl, .parquet, .xlsx ... with a column "
        "of texts; - for the lines of standard input, scored in windows of thousands",
    )
    parser.add_argument(
        "more",
        metavar="INPUT",
        nargs="*",
        default=[],  # without one, argparse takes it for required
        help="with --engine ray: any number of files, folders, patterns such as 'reviews/*.parquet', and addresses "
        "such as s3://bucket/folder and hf://datasets/org/name",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=expand_home,
        help="write all columns of the input, and label and score, into a .csv, .tsv, .jsonl or .parquet file, one row "
        "for each of the input; if the input has such columns, they are called predicted_label and predicted_score; "
        "where a text may have any number of labels, they stand in one cell with | between, and there is no score "
        "(default: print label, score and the start of the text, separated by tabs); with --engine ray a folder, which "
        "gets Parquet files: a second start with it goes on with what is missing",
    )
    parser.add_argument(
        "--engine",
        choices=("plain", "ray"),
        default="plain",
        help="ray: on all cores of a Ray cluster (default: plain)",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=int,
        help="with --engine ray: copies of the model, a core each (default: all cores)",
    )
    parser.add_argument("--scores", action="store_true", help="give the probability of each label, too (score_LABEL)")
    parser.add_argument(
        "--spreadsheet-safe",
        action="store_true",
        help="put an apostrophe before the cells of --output (.csv, .tsv) that a spreadsheet would run as formulas",
    )
    parser.add_argument(
        "--text-column", metavar="NAME", help="column of the texts (default: the one of training, if it was named)"
    )
    add_encoding_argument(parser)
    parser.add_argument("--batch-size", metavar="N", type=int, help="texts per batch (default: as many as fit)")
    add_precision_argument(parser)
    add_device_argument(parser)
    arguments = parser.parse_intermixed_args(argv)  # a model may be missing, wherever options stand
    if arguments.engine == "plain" and arguments.model is None and Path(arguments.input).is_dir():
        parser.error(f"INPUT is missing: {arguments.input} is a folder; give a text or a file after the model")
    arguments.model = arguments.model or FLAGSHIP
    if arguments.spreadsheet_safe and (
        arguments.output is None or arguments.output.suffix.lower() not in (".csv", ".tsv")
    ):
        parser.error("--spreadsheet-safe needs --output with a .csv or .tsv file")
    check_engine(parser, arguments)
    return arguments


def check_engine(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Check that the arguments fit the engine."""
    if arguments.engine == "plain":
        if arguments.more:
            parser.error(
                f"several inputs after the model ({arguments.input}, {arguments.more[0]} ...): put a text into quotes, "
                "or score several files with --engine ray"
            )
        if arguments.workers is not None:
            parser.error("--workers needs --engine ray")
    elif arguments.output is None:
        parser.error("--engine ray needs --output with the name of a folder")
    elif arguments.workers is not None and arguments.workers < 1:
        parser.error(f"--workers {arguments.workers}: expected at least 1")


def main(argv: Sequence[str]) -> None:
    """Score the input, and print or write the answers."""
    arguments = parse_arguments(argv)
    if arguments.engine == "ray":
        with saying_how_to_go_on():
            score_on_ray(arguments)
        return
    check_output_file(arguments.output)
    is_file = arguments.input == STANDARD_INPUT or looks_like_file(arguments.input)
    if arguments.output is not None:
        check_output(arguments.output, arguments.input)
    if is_file:
        check_input(arguments.input, arguments.text_column, arguments.encoding)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    with pausing_collection():
        from hf_lstm.answers.lines import format_answer
        from hf_lstm.model.classifier import LSTMSentiment

    model = LSTMSentiment.from_pretrained(arguments.model, device=arguments.device)
    with open_input(arguments, model, is_file=is_file) as rows:
        if arguments.output is not None:
            num_rows = write_answers(model, rows, arguments, show_progress=is_file)
            print(f"saved in {arguments.output}")
        elif is_file:
            num_rows = print_answers(model, rows, arguments)
        else:
            probabilities = model.predict_proba(
                arguments.input, batch_size=arguments.batch_size, precision=arguments.precision
            )
            print(format_answer(probabilities, model.config, with_scores=arguments.scores))
            return
    if not num_rows:
        name = "standard input" if arguments.input == STANDARD_INPUT else arguments.input
        say(f"{name}: there is no row to score")


def write_answers(
    model: "LSTMSentiment", rows: "TextRows", arguments: argparse.Namespace, *, show_progress: bool
) -> int:
    """Write the rows and their answers into the file of `--output`; return how many there are."""
    from hf_lstm.answers.scoring import write_scored

    num_rows = 0
    written = write_scored(
        model,
        rows,
        arguments.output,
        with_scores=arguments.scores,
        spreadsheet_safe=arguments.spreadsheet_safe,
        batch_size=arguments.batch_size,
        precision=arguments.precision,
    )
    with tqdm(desc="score", unit="text", disable=not (show_progress and can_show_bars())) as progress:
        for num_written in written:
            progress.update(num_written)
            num_rows += num_written
    return num_rows


def print_answers(model: "LSTMSentiment", rows: "TextRows", arguments: argparse.Namespace) -> int:
    """Print a line for each row, as `format_rows` words it, and return how many there are."""
    from hf_lstm.answers.lines import format_rows
    from hf_lstm.answers.scoring import score_windows

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a character that the output cannot show becomes ?
    num_rows = 0
    shows_bar = can_show_bars() and not sys.stdout.isatty()  # on a terminal the rows themselves show the progress
    with tqdm(desc="score", unit="text", disable=not shows_bar) as progress:
        for window, probabilities in score_windows(
            model, rows, batch_size=arguments.batch_size, precision=arguments.precision
        ):
            for line in format_rows(window.texts, probabilities, model.config, with_scores=arguments.scores):
                print(line)
            progress.update(len(window.texts))
            num_rows += len(window.texts)
    sys.stdout.flush()  # here, where it is no error if the reader has gone (`| head`)
    return num_rows
