"""Scores rows window by window, and writes them with their answers.

PyTorch is imported by the model alone: processes that only pass rows on do without it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.answers.columns import build_answers, name_answer_columns
from hf_lstm.answers.rows import TextRows, Window
from hf_lstm.answers.writers import open_output

if TYPE_CHECKING:
    import torch

    from hf_lstm.model.text_classifier import TextClassifier


def score_windows(
    model: "TextClassifier", rows: TextRows, *, batch_size: int | None = None, precision: str = "auto"
) -> "Iterator[tuple[Window, torch.Tensor]]":
    """Yield window after window of rows, with their probabilities, float32 (num_texts, num_labels)."""
    for window in rows.windows:
        probabilities = model.predict_proba(
            window.texts, batch_size=batch_size, precision=precision, show_progress=False
        )
        yield window, probabilities


def write_scored(
    model: "TextClassifier",
    rows: TextRows,
    output: Path,
    *,
    with_scores: bool = False,
    spreadsheet_safe: bool = False,
    batch_size: int | None = None,
    precision: str = "auto",
) -> Iterator[int]:
    """Write rows and their answers into a file, which is there, whole, when all is yielded.

    Yields:
        The number of rows of each window, once it is written.

    Raises:
        InputError: see `open_rows` and `open_output`.
        StorageError: the disk is full or fails.
    """
    names = name_answer_columns(rows.columns, model.config, with_scores=with_scores)
    with open_output(output, rows, names, spreadsheet_safe=spreadsheet_safe) as write:
        for window, probabilities in score_windows(model, rows, batch_size=batch_size, precision=precision):
            write(window, build_answers(names, probabilities, model.config))
            yield len(window.texts)
