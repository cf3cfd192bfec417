"""Tells which data anybody can read, and which files of a model folder have texts or paths of others."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError
from hf_lstm.files.names import (
    CARD_FILE,
    ERRORS_FILE,
    PLACES_FILE,
    RECIPE_FILE,
    REPORT_FOLDER,
    REPORT_METRICS,
    RESULTS_FILE,
)
from hf_lstm.files.reading import MAX_TEXT_BYTES, read_bytes, read_json_if_there, read_lines
from hf_lstm.hub.errors import HUB_ERRORS
from hf_lstm.hub.session import call_hub
from hf_lstm.markdown import format_cell
from hf_lstm.records.places import IMDB, KNOWN_ROWS, SAMPLE, is_hub_id, strip_recipe, strip_results

METRICS_PATH = f"{REPORT_FOLDER}/{REPORT_METRICS}"
_ASK_FOR_S = 3.0
"""The Hub is asked for no longer whether data are public: without an answer, they count as private."""
_QUOTED_CHARACTERS = 60
"""A card that has so much of a text of the data quotes it."""


def is_public_source(source: str | None, rows_sha256: str | None) -> bool:
    """Return whether data are known to be public, without asking anybody.

    Those of IMDB and the sample are, by the digest of their rows or, where no digest is known, by name.
    """
    if rows_sha256 in KNOWN_ROWS or source == IMDB:
        return True
    return source == SAMPLE and rows_sha256 is None


def is_data_public(source: str | None, rows_sha256: str | None) -> bool:
    """Return whether anybody can read the data, for which the Hub is asked.

    Data that nobody knows, or that the Hub has not or shows to some alone, count as private. So do all if it can't be
    asked.
    """
    if is_public_source(source, rows_sha256):
        return True
    if source is None or not is_hub_id(source):
        return False
    try:  # as a stranger: what the user's own token may read is not public
        data = call_hub(lambda: HfApi(token=False).dataset_info(source), retry_for_s=_ASK_FOR_S)
    except HUB_ERRORS:
        return False
    return not data.private and not data.gated


def is_folder_public(folder: Path) -> bool:
    """Return whether the model in `folder` was trained on data that anybody can read."""
    recipe, results = read_json_if_there(folder / RECIPE_FILE), read_json_if_there(folder / RESULTS_FILE)
    dataset = (strip_results(results).get("dataset") if results else None) or {}
    if isinstance(dataset, Mapping) and dataset.get("source"):
        return is_data_public(dataset.get("source"), dataset.get("rows_sha256"))
    data = strip_recipe(recipe, results).get("data") if recipe else None
    return is_data_public(data.get("dataset"), None) if isinstance(data, dict) else False


def may_show_mistakes(folder: Path, *, is_public: bool) -> bool:
    """Return whether the texts of the report in `folder` are public, as the model's data are.

    A report on other data is no more public than what nobody knows.
    """
    metrics = read_json_if_there(folder / METRICS_PATH) or {}
    return is_public and metrics.get("is_own_data") is not False


def is_page_free_of_texts(page: Path) -> bool:
    """Return whether a report's page is as we wrote it: then it has no text of the data.

    Pages of version 0.1, which have no mark, show the most confident mistakes.
    """
    return is_unedited(read_bytes(page, MAX_TEXT_BYTES).decode(errors="replace"))


def check_card(card: str, folder: Path, recipe: Mapping[str, Any] | None, shows_texts: bool) -> None:
    """Check that a card, which somebody may have edited, tells nothing private.

    Raises:
        InputError: it has a path of this machine, or quotes a text of the report.
    """
    places = {str(folder.resolve()), *(str(path) for path in (read_json_if_there(folder / PLACES_FILE) or {}).values())}
    raw = (recipe or {}).get("data")
    places |= {raw["dataset"]} if isinstance(raw, Mapping) and isinstance(raw.get("dataset"), str) else set()
    found = [place for place in sorted(places) if place.startswith("/") and place != "/" and place in card]
    if found:
        raise InputError(f"{CARD_FILE} has a path of this machine, {found[0]!r}: take it out, then push again")
    errors = folder / REPORT_FOLDER / ERRORS_FILE
    if shows_texts or not errors.is_file():
        return
    for line in read_lines(errors):
        text = _find_text(line)
        if text and any(quote in card for quote in (text, format_cell(text)[:_QUOTED_CHARACTERS])):
            raise InputError(
                f"{CARD_FILE} quotes a text of the data, {text[:30]!r}: take it out, delete the card to have a new one "
                "written, or allow it with --publish-examples (publish_examples=True in Python)"
            )


def _find_text(line: str) -> str | None:
    """Return the start of the text in a line of errors.jsonl, as a card would show it; None if it is too short."""
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    shown = " ".join(re.sub(r"<br\s*/?>", " ", str(text)).split())[:_QUOTED_CHARACTERS]
    return shown if len(shown) >= _QUOTED_CHARACTERS // 3 else None
