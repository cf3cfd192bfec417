"""Reads what a model's folder tells its card: the size of the weights, and the report."""

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_lstm.errors import InputError
from hf_lstm.files.names import (
    ERRORS_FILE,
    EXAMPLE_FILES,
    REPORT_FOLDER,
    REPORT_METRICS,
    WEIGHTS_FILE,
    list_report_files,
)
from hf_lstm.files.reading import read_json, read_lines
from hf_lstm.hub.privacy import is_page_free_of_texts
from hf_lstm.records.reading import read_record
from hf_lstm.records.report import Analysis, LengthGroup, Mistake, TrickyReview, UnseenFigures

MAX_MISTAKES = 3
"""The most confident mistakes that the card shows; the report has more."""

MAX_MISTAKE_CHARACTERS = 300


@dataclass(frozen=True)
class Findings:
    """Holds the weights' size and the report's findings."""

    weights_bytes: int | None = None
    report_files: Sequence[str] = ()
    by_length: Sequence[LengthGroup] = ()
    unseen: UnseenFigures | None = None
    tricky_reviews: Sequence[TrickyReview] = ()
    mistakes: Sequence[Mistake] = ()


def describe_folder(folder: Path | None, *, has_results: bool, shows_examples: bool) -> Findings:
    """Read the weights' size and the report from the model's folder.

    The report is left out unless the model has results. Its mistakes are, unless `shows_examples`.
    """
    if folder is None:
        return Findings()
    weights = folder / WEIGHTS_FILE
    weights_bytes = weights.stat().st_size if weights.is_file() else None
    metrics, errors = (folder / REPORT_FOLDER / name for name in (REPORT_METRICS, ERRORS_FILE))
    if not (has_results and metrics.is_file()):
        return Findings(weights_bytes)
    analysis = read_record(Analysis, read_json(metrics), metrics.name)
    files = [path for path in list_report_files(folder) if shows_examples or path.name not in EXAMPLE_FILES]
    return Findings(
        weights_bytes=weights_bytes,
        report_files=[
            path.name for path in files if path.suffix != ".md" or shows_examples or is_page_free_of_texts(path)
        ],
        by_length=analysis.by_length,
        unseen=analysis.unseen,
        tricky_reviews=analysis.tricky_reviews,
        mistakes=_read_mistakes(errors) if shows_examples and errors.is_file() else (),
    )


def _read_mistakes(path: Path) -> list[Mistake]:
    """Read the first mistakes of a report, with shortened texts."""
    mistakes = []
    for number, line in enumerate(read_lines(path)[:MAX_MISTAKES], start=1):
        where = f"{path.name}, line {number}"
        try:
            mistake = read_record(Mistake, json.loads(line), where)
        except (ValueError, RecursionError) as error:
            raise error if isinstance(error, InputError) else InputError(f"{where}: is not JSON: {error}") from None
        mistakes.append(dataclasses.replace(mistake, text=_shorten(mistake.text)))
    return mistakes


def _shorten(text: str) -> str:
    """Return the start of a text, without HTML line breaks."""
    text = " ".join(re.sub(r"<br\s*/?>", " ", text).split())
    return text if len(text) <= MAX_MISTAKE_CHARACTERS else text[:MAX_MISTAKE_CHARACTERS].rpartition(" ")[0] + " …"
