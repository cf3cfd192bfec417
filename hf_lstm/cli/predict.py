"""Scores a text, a file of texts, or standard input."""

import argparse
import io
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from hf_lstm.cli.common import add_device_argument, add_encoding_argument, build_parser, check_output_file
from hf_lstm.data.texts import check_output_type, looks_like_file, read_lines, read_texts, write_rows
from hf_lstm.errors import InputError
from hf_lstm.progress import can_show_bars

if TYPE_CHECKING:
    from hf_lstm.model.classifier import LSTMSentiment

STANDARD_INPUT = "-"
COLUMNS = ("text", "label", "score")
SHOWN_CHARACTERS = 80


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(
        "predict",
        "Score texts: the most probable label of each, and its probability, in the order given.",
        examples=['org/imdb-lstm "A wonderful film."', "runs/packed-lstm reviews.csv --output scored.csv"],
    )
    parser.add_argument("model", metavar="MODEL", help="model folder, or Hub id such as org/imdb-lstm")
    parser.add_argument(
        "input",
        metavar="INPUT",
        help="a text; a file: .txt with a text on each line, or .csv, .tsv, .jsonl, .parquet, .xlsx ... with a column "
        "of texts; "
        "- for the lines of standard input, scored in windows of thousands",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help=f"write the columns {', '.join(COLUMNS)} into a .csv, .tsv or .jsonl file, one row for each of the input "
        "(default: print label, score and the start of the text, separated by tabs)",
    )
    parser.add_argument("--text-column", metavar="NAME", help="column of the texts (default: guessed)")
    add_encoding_argument(parser)
    parser.add_argument("--batch-size", metavar="N", type=int, help="texts per batch (default: as many as fit)")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="(default: auto)")
    add_device_argument(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Score the input, and print or write the answers."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    if arguments.output is not None:
        check_output_type(arguments.output)
        if os.path.realpath(arguments.output) == os.path.realpath(arguments.input):
            raise InputError(f"--output {arguments.output}: is the input itself; choose another")
    is_file = arguments.input == STANDARD_INPUT or looks_like_file(arguments.input)
    texts = open_texts(arguments.input, arguments.text_column, arguments.encoding) if is_file else [arguments.input]

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.devices import limit_kernel_cache
    from hf_lstm.model.classifier import LSTMSentiment

    limit_kernel_cache()
    model = LSTMSentiment.from_pretrained(arguments.model, device=arguments.device)
    rows = score_texts(model, texts, batch_size=arguments.batch_size, precision=arguments.precision)
    if arguments.output is not None:
        progress = tqdm(rows, desc="score", unit="text", disable=not (is_file and can_show_bars()))
        write_rows(arguments.output, progress, COLUMNS)
        print(f"saved in {arguments.output}")
    elif is_file:
        print_rows(rows)
    else:
        print(*(f"{row['label']} {row['score']:.4f}" for row in rows))


def open_texts(source: str, text_column: str | None, encoding: str | None) -> Iterator[str]:
    """Read texts from a file, or lines from standard input.

    Standard input is `-`.

    Raises:
        InputError: as `read_texts`, or a column of standard input is asked for.
    """
    if source != STANDARD_INPUT:
        return read_texts(Path(source), text_column, encoding)
    if text_column is not None:
        raise InputError(f"--text-column {text_column}: standard input has no columns, each of its lines is a text")
    return read_lines(sys.stdin.buffer, "standard input", encoding)


def score_texts(
    model: "LSTMSentiment", texts: Iterable[str], *, batch_size: int | None, precision: str
) -> Iterator[dict[str, Any]]:
    """Yield the text, label and score of each text.

    No more than a window of texts is held in memory.
    """
    from hf_lstm.model.prediction import name_labels, stream_probabilities

    scored_texts, kept_texts = itertools.tee(texts)
    for probabilities in stream_probabilities(
        model, model.encoder, scored_texts, batch_size=batch_size, precision=precision
    ):
        for answer in name_labels(probabilities, model.config.label_names):
            yield {"text": next(kept_texts), "label": answer["label"], "score": round(answer["score"], 6)}


def print_rows(rows: Iterable[dict[str, Any]]) -> None:
    """Print a line for each row.

    It has label, score and the start of the text, separated by tabs.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a character that the output cannot show becomes ?
    shows_bar = can_show_bars() and not sys.stdout.isatty()  # on a terminal the rows themselves show the progress
    for row in tqdm(rows, desc="score", unit="text", disable=not shows_bar):
        print(row["label"], f"{row['score']:.4f}", abbreviate(row["text"]), sep="\t")
    sys.stdout.flush()  # here, where it is no error if the reader has gone (`| head`)


def abbreviate(text: str) -> str:
    """Return the start of a text on one line.

    Control characters are replaced: they could take over a terminal.
    """
    line = " ".join(text[: 4 * SHOWN_CHARACTERS].split())
    shown = line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)
