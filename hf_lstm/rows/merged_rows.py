"""Finds rows of a CSV file that a stray quote merged."""

import re
from collections.abc import Set

from hf_lstm.errors import InputError
from hf_lstm.formats.row_files import RowFile
from hf_lstm.rows.labels import LabeledTable


def refuse_merged_rows(table: LabeledTable, file: RowFile) -> None:
    """Refuse a text that looks like several rows merged by a stray quote.

    At each of its line breaks, such a text has the end of one row and the start of the next, with a known label. It
    arises where a stray quote opens a text, and the next quote happens to stand before a delimiter.

    Raises:
        InputError: there is one.
    """
    known_labels = set(table.labels.unique().to_pylist()) - {None}
    text_index, label_index = file.columns.index(table.text_column), file.columns.index(table.label_column)
    for row, text in enumerate(table.texts.to_pylist()):
        if ("\n" in text or "\r" in text) and _looks_merged(
            text, known_labels, file.delimiter, len(file.columns), text_index, label_index
        ):
            raise InputError(
                f"{table.locate(row, table.text_column)}: the text holds whole rows, as if a stray quote had merged "
                "them; correct the quote that opens it, or give the rows as JSON Lines or Parquet"
            )


def _looks_merged(
    text: str, known_labels: Set[str], delimiter: str, num_fields: int, text_index: int, label_index: int
) -> bool:
    lines = re.split(r"\r\n|\r|\n", text)
    if label_index > text_index:
        num_after = num_fields - 1 - text_index
        ends = (line.rsplit(delimiter, num_after) for line in lines[:-1])
        return all(len(end) > num_after and end[label_index - text_index] in known_labels for end in ends)
    starts = (line.split(delimiter, text_index) for line in lines[1:])
    return all(len(start) > text_index and start[label_index] in known_labels for start in starts)
