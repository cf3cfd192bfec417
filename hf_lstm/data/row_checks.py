"""Looks for rows that harm a run, or the trust in its figures, and says so."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from hf_lstm.errors import InputError
from hf_lstm.records.rows import MIN_ROWS_OF_LABEL, Contradiction, RowFindings
from hf_lstm.sources.label_feature import Labels, read_labels

logger = logging.getLogger(__name__)


def check_training_rows(splits: Mapping[str, Dataset]) -> RowFindings:
    """Find what is odd about the rows of a run, and say it in the log, a line each.

    Raises:
        InputError: all rows of train have the same label, or of any number of labels the same ones.
    """
    findings = find_odd_rows(splits)
    if Labels.of_rows(splits["train"]).is_multi and len(np.unique(read_labels(splits["train"]), axis=0)) == 1:
        raise InputError(f"all {len(splits['train'])} rows of train have the same labels; training needs others, too")
    if "train" in findings.only_labels:
        raise InputError(
            f"all {len(splits['train'])} rows of train are {findings.only_labels['train']!r}; training needs at least "
            "two labels: give more rows of the others, or cut off less (data.validation_fraction)"
        )
    duplicates = count_duplicates(splits)
    for name in ("validation_in_train", "test_in_train", "test_in_validation"):
        if num_rows := duplicates.get(name, 0):
            split, _, earlier = name.partition("_in_")
            stands = "text stands" if num_rows == 1 else "texts stand"
            logger.warning("rows: %s %s %s in %s, too", f"{num_rows:,}", split, stands, earlier)
    _log(findings)
    return findings


def check_evaluation_rows(split: str, rows: Dataset) -> None:
    """Say in the log what is odd about the rows of a split, a line each."""
    _log(find_odd_rows({split: rows}))


def find_odd_rows(splits: Mapping[str, Dataset]) -> RowFindings:
    """Find empty texts, contradictions, and labels with too few rows.

    Rows have the columns `text` and `label`. Labels are counted in train alone.
    """
    empty_texts, contradictions, small_labels, only_labels = {}, {}, {}, {}
    for split, rows in splits.items():
        texts: list[str] = rows["text"][:]
        labels, (names, is_multi) = read_labels(rows), Labels.of_rows(rows)
        if num_empty := sum(not text.strip() for text in texts):
            empty_texts[split] = num_empty
        if found := _find_contradictions(texts, labels, _find_source_rows(rows)):
            contradictions[split] = found
        counts = labels.sum(axis=0) if is_multi else np.bincount(labels, minlength=len(names))
        if np.count_nonzero(counts) == 1 and not is_multi:
            only_labels[split] = names[int(counts.argmax())]
        if split == "train":
            small_labels = {
                name: int(count) for name, count in zip(names, counts, strict=True) if count < MIN_ROWS_OF_LABEL
            }
    return RowFindings(
        empty_texts=empty_texts, contradictions=contradictions, small_labels=small_labels, only_labels=only_labels
    )


def count_duplicates(splits: Mapping[str, Dataset]) -> dict[str, int]:
    """Count the rows whose text is repeated, within and across splits.

    `within_train` counts the rows of train beyond the first of each text. `test_in_train` counts the rows of test whose
    text is in train, too. The others are named likewise.
    """
    texts = {split: dataset["text"][:] for split, dataset in splits.items()}
    distinct = {split: set(values) for split, values in texts.items()}
    counts = {f"within_{split}": len(texts[split]) - len(distinct[split]) for split in texts}
    for first, second in (("train", "validation"), ("train", "test"), ("validation", "test")):
        if first in texts and second in texts:
            counts[f"{second}_in_{first}"] = sum(text in distinct[first] for text in texts[second])
    return counts


def _find_contradictions(
    texts: Sequence[str], labels: NDArray[np.int64], source_rows: NDArray[np.int64]
) -> Contradiction | None:
    """Find texts that have several labels; empty ones are told elsewhere."""
    rows_of_text: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        rows_of_text.setdefault(text, []).append(row)
    if labels.ndim == 2:
        labels = np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1)  # a number for each set of labels
    several = [rows for text, rows in rows_of_text.items() if len(set(labels[rows].tolist())) > 1 and text.strip()]
    if not several:
        return None
    first = min(several, key=lambda rows: int(source_rows[rows].min()))
    other = next(row for row in first if labels[row] != labels[first[0]])
    example_rows = sorted(int(source_rows[row]) + 1 for row in (first[0], other))
    return Contradiction(num_rows=sum(map(len, several)), example_rows=example_rows)


def _find_source_rows(rows: Dataset) -> NDArray[np.int64]:
    """Return the place of each row before it was cut and shuffled, counted from 0."""
    indices = rows._indices  # the public interface does not tell
    return np.arange(len(rows)) if indices is None else indices.column(0).to_numpy().astype(np.int64)


def _log(findings: RowFindings) -> None:
    for line in findings.describe():
        logger.warning("rows: %s", line)
