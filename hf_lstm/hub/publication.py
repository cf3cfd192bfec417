"""Plans what of a model folder is published: the model, and of private data no text and no path."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError
from hf_lstm.file_names import (
    CARD_FILE,
    CONFIG_FILE,
    EXAMPLE_FILES,
    PLACES_FILE,
    RECIPE_FILE,
    REMOTE_FILES,
    REPORT_FOLDER,
    REQUIRED_FILES,
    RESULTS_FILE,
    TOKENIZER_FILE,
    TRANSFORMERS_FILES,
    list_report_files,
)
from hf_lstm.files import MAX_TEXT_BYTES, encode_json, read_bytes, read_json, read_lines, refuse_outside_link
from hf_lstm.hub.errors import HUB_ERRORS
from hf_lstm.hub.session import call_hub
from hf_lstm.markdown import format_cell
from hf_lstm.records.places import IMDB, KNOWN_ROWS, SAMPLE, is_local, name_place, strip_recipe, strip_results
from hf_lstm.remote.settings import read_remote_module

HOW_TO_PUBLISH = "--publish-examples (publish_examples=True in Python) takes it along"
_REPORT_PAGE, _METRICS = f"{REPORT_FOLDER}/report.md", f"{REPORT_FOLDER}/metrics.json"
_ASK_FOR_S = 3.0
"""The Hub is asked for no longer whether data are public: without an answer, they count as private."""
_QUOTED_CHARACTERS = 60
"""A card that has so much of a text of the data quotes it."""


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """Says of a file whether it is published, and why or why not."""

    name: str
    """Its path in the folder, and in the repository."""
    content: Path | bytes | None = None
    """What is published; None if nothing is."""
    note: str = ""
    holds_texts: bool = False
    """Whether it is left out since it holds texts of the data."""

    @property
    def num_bytes(self) -> int:
        """Return the size of what is published."""
        return self.content.stat().st_size if isinstance(self.content, Path) else len(self.content or b"")


def require_model(folder: Path) -> None:
    """Require the files of a model in a folder.

    Raises:
        InputError: one is missing.
    """
    missing = [name for name in REQUIRED_FILES if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder} has no {' and no '.join(missing)}; expected a saved LSTMSentiment")


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
    if source is None or is_local(source) or not re.fullmatch(r"[\w.-]+/[\w.-]+", source):
        return False
    try:  # as a stranger: what the user's own token may read is not public
        data = call_hub(lambda: HfApi(token=False).dataset_info(source), retry_for_s=_ASK_FOR_S)
    except HUB_ERRORS:
        return False
    return not data.private and not data.gated


def is_folder_public(folder: Path) -> bool:
    """Return whether the model in `folder` was trained on data that anybody can read."""
    recipe, results = _read_if_there(folder / RECIPE_FILE), _read_if_there(folder / RESULTS_FILE)
    dataset = (strip_results(results).get("dataset") if results else None) or {}
    if isinstance(dataset, Mapping) and dataset.get("source"):
        return is_data_public(dataset.get("source"), dataset.get("rows_sha256"))
    data = strip_recipe(recipe, results).get("data") if recipe else None
    return is_data_public(data.get("dataset"), None) if isinstance(data, dict) else False


def may_show_mistakes(folder: Path, *, is_public: bool) -> bool:
    """Return whether the texts of the report in `folder` are public, as the model's data are.

    A report on other data is no more public than what nobody knows.
    """
    metrics = _read_if_there(folder / _METRICS) or {}
    return is_public and metrics.get("is_own_data") is not False


def is_page_free_of_texts(page: Path) -> bool:
    """Return whether a report's page is as we wrote it: then it has no text of the data.

    Pages of version 0.1, which have no mark, show the most confident mistakes.
    """
    return is_unedited(read_bytes(page, MAX_TEXT_BYTES).decode(errors="replace"))


def plan_publication(
    folder: Path, *, is_public: bool, publish_examples: bool = False, card: bytes | None = None
) -> list[PlannedFile]:
    """List the files of a model folder, with what is published of them.

    Recipe and results are published without folders of this machine. Unless anybody can read the data, or
    `publish_examples`, no file with texts of them is published.

    Args:
        folder: a saved model.
        is_public: whether anybody can read the data.
        publish_examples: publish the texts that report and card show, whatever data they are of.
        card: the card to publish; by default the one in the folder.

    Raises:
        InputError: the folder lacks a file of the model, has a link to a file elsewhere in its place, a JSON file of it
            is damaged, or the card is not free of what must not be published.
    """
    require_model(folder)
    for name in (*REQUIRED_FILES, *TRANSFORMERS_FILES, CARD_FILE, RECIPE_FILE, RESULTS_FILE):
        refuse_outside_link(folder, folder / name)
    recipe, results = _read_if_there(folder / RECIPE_FILE), _read_if_there(folder / RESULTS_FILE)
    plan = [PlannedFile(name=name, content=folder / name) for name in REQUIRED_FILES if name != TOKENIZER_FILE]
    if not is_public:
        plan[0] = PlannedFile(name=CONFIG_FILE, content=folder / CONFIG_FILE, note="names the labels")
    plan.append(_plan_tokenizer(folder / TOKENIZER_FILE, recipe, is_public))
    plan += _plan_for_transformers(folder)
    if card is None and (folder / CARD_FILE).is_file():
        card = read_bytes(folder / CARD_FILE, MAX_TEXT_BYTES)
    if card is not None:
        plan.append(PlannedFile(name=CARD_FILE, content=card))
        _check_card(card.decode(errors="replace"), folder, recipe, is_public or publish_examples)
    if recipe is not None:
        plan.append(PlannedFile(name=RECIPE_FILE, content=encode_json(strip_recipe(recipe, results))))
    if results is not None:
        plan.append(PlannedFile(name=RESULTS_FILE, content=encode_json(strip_results(results))))
    plan += _plan_report(folder, results, is_public, publish_examples)
    return plan + _list_others(folder, {planned.name for planned in plan})


def _plan_for_transformers(folder: Path) -> list[PlannedFile]:
    """List the files for transformers.

    Of modules, our own are published: those of an earlier version become today's, and no code that somebody changed is.
    """
    return [
        PlannedFile(name=name, content=read_remote_module(name) if name in REMOTE_FILES else folder / name)
        for name in TRANSFORMERS_FILES
        if (folder / name).is_file()
    ]


def format_plan(plan: Sequence[PlannedFile], where: str) -> str:
    """Format a plan as lines of text: what is published with its size, then what is left out and why."""
    published = [planned for planned in plan if planned.content is not None]
    left_out = [planned for planned in plan if planned.content is None]
    width = max(len(planned.name) for planned in plan)
    lines = [f"{len(published)} files for {where}:"]
    lines += [
        f"  {planned.name:<{width}}  {_format_size(planned.num_bytes):>8}  {planned.note}".rstrip()
        for planned in published
    ]
    if left_out:
        lines += ["left out:", *(f"  {planned.name:<{width}}  {planned.note}" for planned in left_out)]
    return "\n".join(lines)


def _plan_tokenizer(path: Path, recipe: Mapping[str, Any] | None, is_public: bool) -> PlannedFile:
    if is_public:
        return PlannedFile(name=TOKENIZER_FILE, content=path)
    tokenizer = (recipe or {}).get("tokenizer")
    min_count = tokenizer.get("min_count", 1) if isinstance(tokenizer, Mapping) else 1
    often = f" that occur at least {min_count} times" if min_count != 1 else ", also those that occur once"
    return PlannedFile(
        name=TOKENIZER_FILE,
        content=path,
        note=f"has words of the training texts{often}, names and numbers too: a vocabulary is made of them",
    )


def _plan_report(
    folder: Path, results: Mapping[str, Any] | None, is_public: bool, publish_examples: bool
) -> list[PlannedFile]:
    """Plan the files of the report."""
    metrics = _read_if_there(folder / _METRICS) or {}
    shows_texts = publish_examples or may_show_mistakes(folder, is_public=is_public)
    plan = []
    for path in list_report_files(folder):
        refuse_outside_link(folder, path)
        name = f"{REPORT_FOLDER}/{path.name}"
        content: Path | bytes | None = path
        note, holds_texts = "", False
        if path.name in EXAMPLE_FILES and not shows_texts:
            content, holds_texts = None, True
            note = f"has texts of data that are not known to be public: {HOW_TO_PUBLISH}"
        elif path.name in EXAMPLE_FILES:
            note = "has texts of the data" + (", which are public" if is_public else ", as you ask")
        elif name == _REPORT_PAGE and not shows_texts and not is_page_free_of_texts(path):
            content, holds_texts = None, True
            note = "was edited, or is of version 0.1, so may show texts: `hf-lstm evaluate` writes one without"
        elif name in (_REPORT_PAGE, _METRICS):
            content = _name_dataset(path, metrics, results)
        plan.append(PlannedFile(name=name, content=content, note=note, holds_texts=holds_texts))
    return plan


def _name_dataset(path: Path, metrics: Mapping[str, Any], results: Mapping[str, Any] | None) -> Path | bytes:
    """Return a file of the report that names the data without folders."""
    dataset = metrics.get("dataset")
    if not isinstance(dataset, str) or not is_local(dataset):
        return path
    known = strip_results(results)["dataset"]["source"] if results and metrics.get("is_own_data") else None
    name = known or name_place(dataset)
    if name == dataset:
        return path
    if path.suffix == ".json":
        return encode_json({**metrics, "dataset": name})
    return (
        read_bytes(path, MAX_TEXT_BYTES)
        .decode(errors="replace")
        .replace(format_cell(dataset), format_cell(name))
        .encode()
    )


def _check_card(card: str, folder: Path, recipe: Mapping[str, Any] | None, shows_texts: bool) -> None:
    """Check that a card, which somebody may have edited, tells nothing private.

    Raises:
        InputError: it has a path of this machine, or quotes a text of the report.
    """
    places = {str(folder.resolve()), *(str(path) for path in (_read_if_there(folder / PLACES_FILE) or {}).values())}
    raw = (recipe or {}).get("data")
    places |= {raw["dataset"]} if isinstance(raw, Mapping) and isinstance(raw.get("dataset"), str) else set()
    found = [place for place in sorted(places) if place.startswith("/") and place != "/" and place in card]
    if found:
        raise InputError(f"{CARD_FILE} has a path of this machine, {found[0]!r}: take it out, then push again")
    errors = folder / REPORT_FOLDER / "errors.jsonl"
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


def _list_others(folder: Path, planned: set[str]) -> list[PlannedFile]:
    """List what else is in the folder, none of which is published."""
    notes = {PLACES_FILE: "has paths of this machine", RECIPE_FILE: "", RESULTS_FILE: ""}
    told = {*planned, REPORT_FOLDER, "__pycache__"}  # which pip makes beside the modules of a model that it installs
    others = [path.name for path in folder.iterdir() if path.name not in told]
    if (folder / REPORT_FOLDER).is_dir():
        inside = (f"{REPORT_FOLDER}/{path.name}" for path in (folder / REPORT_FOLDER).iterdir())
        others += [name for name in inside if name not in planned]
    return [PlannedFile(name=name, note=notes.get(name, "is not of a model or its report")) for name in sorted(others)]


def _read_if_there(path: Path) -> dict[str, Any] | None:
    return read_json(path) if path.is_file() else None


def _format_size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 1e5 else f"{num_bytes / 1e3:.1f} kB"
