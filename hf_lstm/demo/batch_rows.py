"""Reads the texts of the demo's second tab, classifies them, and writes the answers as tables.

They are pasted lines, or an uploaded file.
"""

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from hf_lstm.answers.columns import Answers, join_labels, name_answer_columns
from hf_lstm.answers.rows import TextRows, Window, list_texts, open_rows
from hf_lstm.answers.writers import CsvWriter, list_values
from hf_lstm.config import ModelConfig
from hf_lstm.demo.content.figures import format_share
from hf_lstm.demo.endpoints import check_length, has_known_word, refuse
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.labels import name_labels

MAX_ROWS = 1_000
ROWS_PER_STEP = 50
"""After which the page says how far it has come."""
MAX_PASTED_CHARACTERS = 250_000
"""Of all pasted lines: with up to four bytes each they fit into a request, see `guards.middleware`."""
COLUMNS = ("text", "label", "score")
"""Of the table; the score is the calibrated probability of the label."""
MAX_SCORED_LABELS = 100
"""With more labels, the CSV has no column for each: it goes through the page."""
_DIGITS = 4
MAX_SHOWN_SCORE = 0.9999
"""Scores are rounded to four digits: 1 would read as certain."""
NO_KNOWN_WORD = "(no known word)"
"""Shown in the place of a label: any answer would be a guess."""
NO_LABEL = "(none of the labels)"
"""Shown where a text may have any number of labels, and has none."""


class Row(NamedTuple):
    """Holds a text and its answer."""

    text: str
    label: str
    score: float | None
    """None if the model knows no word of the text."""
    scores: list[float | None]
    """Of each label, or none of them."""
    labels: tuple[str, ...] = ()
    """Where a text may have any number of labels, those that it has. Its score is then that of the least likely of
    them; of none, how unlikely the most likely one is."""


class Texts(NamedTuple):
    """Holds the texts to classify, and all columns of their table."""

    columns: list[str]
    texts: list[str]
    values: list[list[Any]]
    """Of each row."""


def read_pasted_lines(lines: str | None) -> Texts:
    """Return the pasted lines without blank ones.

    Raises:
        gradio.Error: there are none, too many, or one that is too long; or they are too long together.
    """
    if len(lines or "") > MAX_PASTED_CHARACTERS:
        raise refuse(f"Up to {MAX_PASTED_CHARACTERS:,} characters can be pasted; please put more into a file.")
    return _collect(list_texts(line for line in (lines or "").splitlines() if line.strip()))


def read_upload(path: Path, column: str | None, trained_column: str | None = None) -> Texts:
    """Read the rows of an uploaded file.

    Blank lines of a `.txt` file are skipped, as pasted ones are.

    Args:
        path: the file.
        column: the column of the texts, if the visitor named it.
        trained_column: the one that the model was trained on, if it was named: it comes before well-known names.

    Raises:
        gradio.Error: there are no texts, too many, or one that is too long; or the file can't be read, and why.
    """
    named = (column or "").strip() or None
    try:
        with open_rows(path, named or _find_column(path, trained_column)) as rows:
            return _collect(rows, skips_blank=path.suffix.lower() == ".txt")
    except InputError as error:
        # The message was written for a command line. Here a file is known by its name, and there are no arguments.
        message = str(error).replace(str(path), path.name).replace("--text-column", "“Column of the texts”")
        *faults, last = message.split("; ")
        encoding = "“CSV UTF-8”" if path.suffix.lower() == ".csv" else "UTF-8"
        is_remedy = "--encoding" in last
        raise refuse(f"{'; '.join(faults)}; save it as {encoding}" if is_remedy else message) from None


def find_trained_column(model: LSTMSentiment) -> str | None:
    """Return the column of texts that the model's run was told, if any."""
    return model.recipe.data.text_column if model.recipe else None


def classify_in_steps(model: LSTMSentiment, texts: Sequence[str]) -> Iterator[list[Row]]:
    """Classify texts, and yield the rows of `ROWS_PER_STEP` of them at a time, see `classify_rows`."""
    for start in range(0, len(texts), ROWS_PER_STEP):
        yield classify_rows(model, texts[start : start + ROWS_PER_STEP])


def classify_rows(model: LSTMSentiment, texts: Sequence[str]) -> list[Row]:
    """Classify texts, and return each with its label and score.

    The label is the most probable one, and scores are calibrated probabilities.
    """
    probabilities = model.predict_proba(texts, show_progress=False)
    answers = name_labels(probabilities, model.config)
    return [
        _build_row(text, answer, [round(score, _DIGITS) for score in scores])
        if has_known_word(text, model)
        else Row(text, NO_KNOWN_WORD, None, [None] * len(scores))
        for text, answer, scores in zip(texts, answers, probabilities.tolist(), strict=True)
    ]


def _build_row(text: str, answer: Any, scores: list[float]) -> Row:
    """Build the row of a text from its answer: a label, or a list of them."""
    if isinstance(answer, dict):
        return Row(text, answer["label"], round(answer["score"], _DIGITS), [*scores])
    score = round(answer[-1]["score"] if answer else 1 - max(scores), _DIGITS)
    return Row(text, join_labels(answer) or NO_LABEL, score, [*scores], tuple(each["label"] for each in answer))


def count_shares(rows: Sequence[Row]) -> dict[str, float]:
    """Return the share of each label among the texts with a known word.

    It is empty if there is none. Where a text may have any number of labels, shares may add up to more than one.
    """
    answered = [row for row in rows if row.score is not None]
    counts = Counter(label for row in answered for label in row.labels or (row.label,))
    return {label: count / len(answered) for label, count in counts.items()}


def build_table(rows: Sequence[Row]) -> dict[str, Any]:
    """Build the table of answers for `gr.Dataframe`.

    Probabilities are shown as percent, and aligned right.
    """
    shown = [
        [
            "" if cell is None else format_share(min(cell, MAX_SHOWN_SCORE)) if isinstance(cell, float) else cell
            for cell in row[: len(COLUMNS)]
        ]
        for row in rows
    ]
    styles = [["", "", "white-space: nowrap; text-align: right"] for _ in rows]
    data = [list(row[: len(COLUMNS)]) for row in rows]
    return {"headers": list(COLUMNS), "data": data, "metadata": {"display_value": shown, "styling": styles}}


def write_csv(table: Texts, rows: Sequence[Row], config: ModelConfig) -> str:
    """Return all columns of the texts, and the answers, as CSV that is safe to open in a spreadsheet.

    Columns are named as by `hf-lstm predict --scores`, and no cell runs as a formula: see `hf_lstm.answers.formulas`.
    """
    with_scores = config.num_labels <= MAX_SCORED_LABELS
    names = name_answer_columns(table.columns, config, with_scores=with_scores)
    columns: list[list[Any]] = [[row.label for row in rows], [row.score for row in rows]]
    if config.is_multi_label:  # without a score: each label has its own
        columns = [["" if row.label == NO_LABEL else row.label for row in rows]]
    if with_scores:
        columns += [[row.scores[label] for row in rows] for label in range(config.num_labels)]
    stream = io.StringIO()
    writer = CsvWriter(stream, spreadsheet_safe=True)
    writer.write_header([*table.columns, *names])
    writer.write(Window(table.texts, table.values), Answers(names, columns))
    return stream.getvalue()


def _find_column(path: Path, trained_column: str | None) -> str | None:
    """Return the column that the model was trained on, if a file has it."""
    if trained_column is None:
        return None
    try:
        with open_rows(path, trained_column) as rows:
            return trained_column if trained_column in rows.columns else None
    except InputError:
        return None


def _collect(rows: TextRows, *, skips_blank: bool = False) -> Texts:
    pairs = (
        (text, values)
        for window in rows.windows
        for text, values in zip(window.texts, list_values(window), strict=True)
    )
    checked = list(islice((pair for pair in pairs if pair[0].strip() or not skips_blank), MAX_ROWS + 1))
    if not checked:
        raise refuse("Please paste texts, one on each line, or choose a file first.")
    if len(checked) > MAX_ROWS:
        raise refuse(f"There are more than {MAX_ROWS:,} texts; please classify fewer at a time.")
    for number, (text, _) in enumerate(checked, start=1):
        check_length(text, f"Text {number:,}")
    return Texts(rows.columns, [text for text, _ in checked], [values for _, values in checked])
