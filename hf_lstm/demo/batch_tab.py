"""Adds the demo's second tab, for many texts.

They are pasted, or come as a file. The answers are a table, to look at and to download.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import gradio as gr

from hf_lstm.data.texts import read_texts
from hf_lstm.demo.endpoints import MAX_CHARACTERS, check_length, handle_errors, has_known_word, refuse
from hf_lstm.demo.request_checks import MAX_UPLOAD_BYTES, UPLOAD_SUFFIXES
from hf_lstm.demo.tables import format_share
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.prediction import name_labels

MAX_ROWS = 1_000
_ROWS_PER_STEP = 50
COLUMNS = ("text", "label", "score")
"""As `hf-lstm predict` writes them; the score is the calibrated probability of the label."""
MAX_SHOWN_SCORE = 0.9999
"""Scores are rounded to four digits: 1 would read as certain."""
NO_KNOWN_WORD = "(no known word)"
"""Shown in the place of a label: any answer would be a guess."""
_FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
_DOWNLOAD = """(csv) => {
  if (!csv) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\\ufeff", csv], { type: "text/csv;charset=utf-8" }));
  link.download = "classified.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}"""
"""Makes the file in the browser: the server keeps no result and serves no file."""

Row = tuple[str, str, float | None]


def add_batch_tab(model: LSTMSentiment) -> None:
    """Add the tab and the endpoint `/classify_batch` to the page."""

    @handle_errors
    def classify_batch(
        lines: str | None,
        file: str | None,
        column: str | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  # by which Gradio knows to give one
    ) -> tuple[dict[str, float], dict[str, Any], str]:
        texts = read_pasted_lines(lines) if file is None else read_upload(Path(file), column)
        rows: list[Row] = []
        for start in range(0, len(texts), _ROWS_PER_STEP):
            progress((start, len(texts)), desc="Classifying", unit="texts")
            rows += classify_rows(model, texts[start : start + _ROWS_PER_STEP])
        return count_shares(rows), build_table(rows), write_csv(rows)

    inputs = _add_inputs()
    button = gr.Button("Classify all", variant="primary")
    shares, table, csv_text, download = _add_answers()
    classified = button.click(
        classify_batch,
        inputs,
        [shares, table, csv_text],
        api_name="classify_batch",
        api_description="Return the share of each label among the texts with a known word; the table of texts, "
        "labels and scores, which are calibrated probabilities; and the table as CSV, in which cells that a "
        "spreadsheet would run as formulas start with an apostrophe. The texts come from `lines`, one each, or from a "
        "file, `column` of it if it is a table.",
        concurrency_limit=1,
        show_progress_on=table,
    )
    classified.success(None, None, download, js="() => ({ __type__: 'update', interactive: true })")
    download.click(None, csv_text, None, js=_DOWNLOAD, api_visibility="private")


def read_pasted_lines(lines: str | None) -> list[str]:
    """Return the pasted lines without blank ones.

    Raises:
        gradio.Error: there are none, too many, or one that is too long.
    """
    return _check_texts(_drop_blank((lines or "").splitlines()))


def read_upload(path: Path, column: str | None) -> list[str]:
    """Read the texts of an uploaded file.

    Blank lines of a `.txt` file are skipped, as pasted ones are.

    Raises:
        gradio.Error: there are none, too many, or one that is too long; or the file can't be read, and why.
    """
    try:
        texts = read_texts(path, (column or "").strip() or None)
        return _check_texts(_drop_blank(texts) if path.suffix.lower() == ".txt" else texts)
    except InputError as error:
        # The message was written for a command line. Here a file is known by its name, and there are no arguments.
        message = str(error).replace(str(path), path.name).replace("--text-column", "“Column of the texts”")
        fault, to_convert, _ = message.partition("; convert it")
        encoding = "“CSV UTF-8”" if path.suffix.lower() == ".csv" else "UTF-8"
        raise refuse(f"{fault}; save it as {encoding}" if to_convert else message) from None


def classify_rows(model: LSTMSentiment, texts: Sequence[str]) -> list[Row]:
    """Classify texts, and return each with its label and score.

    The label is the most probable one, and the score its calibrated probability.
    """
    answers = name_labels(model.predict_proba(texts, show_progress=False), model.config.label_names)
    return [
        (text, answer["label"], round(answer["score"], 4))
        if has_known_word(text, model)
        else (text, NO_KNOWN_WORD, None)
        for text, answer in zip(texts, answers, strict=True)
    ]


def count_shares(rows: Sequence[Row]) -> dict[str, float]:
    """Return the share of each label among the labeled texts.

    It is empty if no text has a label.
    """
    counts = Counter(label for _, label, probability in rows if probability is not None)
    return {label: count / counts.total() for label, count in counts.items()}


def build_table(rows: Sequence[Row]) -> dict[str, Any]:
    """Build the table of answers for `gr.Dataframe`.

    Probabilities are shown as percent, and aligned right.
    """
    shown = [
        [
            "" if cell is None else format_share(min(cell, MAX_SHOWN_SCORE)) if isinstance(cell, float) else cell
            for cell in row
        ]
        for row in rows
    ]
    styles = [["", "", "white-space: nowrap; text-align: right"] for _ in rows]
    data = [list(row) for row in rows]
    return {"headers": list(COLUMNS), "data": data, "metadata": {"display_value": shown, "styling": styles}}


def write_csv(rows: Iterable[Row]) -> str:
    """Return the rows as CSV, safe to open in a spreadsheet.

    No cell runs as a formula. One that starts with `=`, `+`, `-`, `@` (full-width ones included), blanks and one of
    these, a tab or a carriage return gets an apostrophe in front. By that spreadsheets know that it is a text.

    Reference: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(COLUMNS)
    for text, label, probability in rows:
        writer.writerow([_disarm(text), _disarm(label), "" if probability is None else probability])
    return stream.getvalue()


def _add_inputs() -> list[gr.components.Component]:
    """Add the fields for pasted lines, a file, and its column."""
    with gr.Row():
        with gr.Column(min_width=280):
            lines = gr.Textbox(
                label="One text on each line", lines=7, max_lines=12, placeholder="The first text\nThe second text"
            )
        with gr.Column(min_width=280):
            file = gr.File(label="Or a file: .csv, .tsv, .jsonl, or .txt", file_types=list(UPLOAD_SUFFIXES), height=190)
            column = gr.Textbox(
                label="Column of the texts", placeholder="found by itself if it is called text, review …"
            )
    gr.Markdown(
        f"Up to {MAX_ROWS:,} texts of up to {MAX_CHARACTERS:,} characters; files up to {MAX_UPLOAD_BYTES // 2**20} MB, "
        "in UTF-8. Files are deleted within minutes, texts and answers are not kept.",
        elem_classes="note",
    )
    return [lines, file, column]


def _add_answers() -> tuple[gr.Label, gr.Dataframe, gr.Textbox, gr.Button]:
    """Add the shares, the table, the hidden CSV and its download button."""
    shares = gr.Label(label="Share of each label", num_top_classes=10)
    table = gr.Dataframe(
        headers=list(COLUMNS),
        datatype=["str", "str", "number"],
        label="Answers",
        interactive=False,
        wrap=True,
        max_height=440,
        max_chars=300,
        column_widths=["46%", "29%", "25%"],
        buttons=["fullscreen"],
        elem_id="answers",
    )
    csv_text = gr.Textbox(visible=False, label="The answers as CSV")
    download = gr.Button("Download as CSV", interactive=False, elem_id="download")
    return shares, table, csv_text, download


def _drop_blank(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if line.strip())


def _disarm(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA_STARTS) else cell


def _check_texts(texts: Iterable[str]) -> list[str]:
    checked = list(islice(texts, MAX_ROWS + 1))
    if not checked:
        raise refuse("Please paste texts, one on each line, or choose a file first.")
    if len(checked) > MAX_ROWS:
        raise refuse(f"There are more than {MAX_ROWS:,} texts; please classify fewer at a time.")
    for row, text in enumerate(checked, start=1):
        check_length(text, f"Text {row:,}")
    return checked
