"""Plans what of a model folder is published: the model, and of private data no text and no path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_lstm.files.names import (
    CARD_FILE,
    CONFIG_FILE,
    EXAMPLE_FILES,
    PLACES_FILE,
    RECIPE_FILE,
    REMOTE_FILES,
    REPORT_FOLDER,
    REPORT_PAGE,
    REQUIRED_FILES,
    RESULTS_FILE,
    TOKENIZER_FILE,
    TRANSFORMERS_FILES,
    WEIGHTS_FILE,
    list_report_files,
)
from hf_lstm.files.reading import MAX_TEXT_BYTES, read_bytes, read_json_if_there, refuse_outside_link, require_files
from hf_lstm.files.writing import encode_json
from hf_lstm.hub.privacy import METRICS_PATH, check_card, is_folder_public, is_page_free_of_texts, may_show_mistakes
from hf_lstm.markdown import format_cell
from hf_lstm.records.places import is_local, name_place, strip_recipe, strip_results
from hf_lstm.remote.settings import read_remote_module

HOW_TO_PUBLISH = "--publish-examples (publish_examples=True in Python) takes it along"
_PAGE_PATH = f"{REPORT_FOLDER}/{REPORT_PAGE}"


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


def plan_publication(
    folder: Path, *, is_public: bool | None = None, publish_examples: bool = False, card: bytes | None = None
) -> list[PlannedFile]:
    """List the files of a model folder, with what is published of them.

    Recipe and results are published without folders of this machine. Unless anybody can read the data, or
    `publish_examples`, no file with texts of them is published.

    Args:
        folder: a saved model.
        is_public: whether anybody can read the data; by default `is_folder_public` finds out.
        publish_examples: publish the texts that report and card show, whatever data they are of.
        card: the card to publish; by default the one in the folder.

    Raises:
        InputError: the folder lacks a file of the model, has a link to a file elsewhere in its place, a JSON file of it
            is damaged, or the card is not free of what must not be published.
    """
    require_files(folder, REQUIRED_FILES, "expected a saved LSTMSentiment")  # before the Hub is asked
    if is_public is None:
        is_public = is_folder_public(folder)
    for name in (*REQUIRED_FILES, *TRANSFORMERS_FILES, CARD_FILE, RECIPE_FILE, RESULTS_FILE):
        refuse_outside_link(folder, folder / name)
    recipe, results = read_json_if_there(folder / RECIPE_FILE), read_json_if_there(folder / RESULTS_FILE)
    plan = [
        PlannedFile(name=CONFIG_FILE, content=folder / CONFIG_FILE, note="" if is_public else "names the labels"),
        PlannedFile(name=WEIGHTS_FILE, content=folder / WEIGHTS_FILE),
        _plan_tokenizer(folder / TOKENIZER_FILE, recipe, is_public),
    ]
    plan += _plan_for_transformers(folder)
    if card is None and (folder / CARD_FILE).is_file():
        card = read_bytes(folder / CARD_FILE, MAX_TEXT_BYTES)
    if card is not None:
        plan.append(PlannedFile(name=CARD_FILE, content=card))
        check_card(card.decode(errors="replace"), folder, recipe, is_public or publish_examples)
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
    metrics = read_json_if_there(folder / METRICS_PATH) or {}
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
        elif name == _PAGE_PATH and not shows_texts and not is_page_free_of_texts(path):
            content, holds_texts = None, True
            note = "was edited, or is of version 0.1, so may show texts: `hf-lstm evaluate` writes one without"
        elif name in (_PAGE_PATH, METRICS_PATH):
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


def _list_others(folder: Path, planned: set[str]) -> list[PlannedFile]:
    """List what else is in the folder, none of which is published."""
    notes = {PLACES_FILE: "has paths of this machine"}
    told = {*planned, REPORT_FOLDER, "__pycache__"}  # which pip makes beside the modules of a model that it installs
    others = [path.name for path in folder.iterdir() if path.name not in told]
    if (folder / REPORT_FOLDER).is_dir():
        inside = (f"{REPORT_FOLDER}/{path.name}" for path in (folder / REPORT_FOLDER).iterdir())
        others += [name for name in inside if name not in planned]
    return [PlannedFile(name=name, note=notes.get(name, "is not of a model or its report")) for name in sorted(others)]


def _format_size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 1e5 else f"{num_bytes / 1e3:.1f} kB"
