"""Writes the model card from the template `model_card.md` and a run's results.

The card is marked as generated.
"""

import dataclasses
import functools
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import RepoCard

from hf_lstm.config import ModelConfig, Recipe
from hf_lstm.config.model import SET_BY_DATA
from hf_lstm.config.recipe import SECTIONS
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, RECIPES
from hf_lstm.edit_mark import add_edit_mark, is_unedited
from hf_lstm.errors import InputError
from hf_lstm.extras import is_installed, name_install_command
from hf_lstm.files import (
    CARD_FILE,
    EXAMPLE_FILES,
    MAX_TEXT_BYTES,
    RECIPE_FILE,
    REPORT_FOLDER,
    RESULTS_FILE,
    WEIGHTS_FILE,
    list_report_files,
    read_bytes,
    read_json,
    read_lines,
    write_file,
)
from hf_lstm.hub.cards.metadata import (
    IMDB_SOURCES,
    CardChoices,
    are_glove,
    build_metadata,
    get_base_model_id,
    get_data_source,
    is_hub_id,
    name_dataset,
    name_repository,
)
from hf_lstm.hub.publication import is_page_free_of_texts, is_public_source
from hf_lstm.markdown import format_cell, format_code, format_duration, format_interval, format_percent
from hf_lstm.records.places import SAMPLE, strip_recipe, strip_results
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.report import Analysis, LengthGroup, Mistake, TrickyReview, UnseenFigures
from hf_lstm.records.results import RunResults, SplitFigures

if TYPE_CHECKING:
    import jinja2

logger = logging.getLogger(__name__)

NO_CHOICES = CardChoices()
MAX_MISTAKES = 3
"""The most confident mistakes that the card shows; the report has more."""
MAX_MISTAKE_CHARACTERS = 300
MAX_NAMED_LABELS = 20
"""The labels that the card's first paragraph names."""

_PUBLISHED_ACCURACIES = {"test_accuracy": "test", "validation_accuracy": "validation"}
"""The split of each published accuracy, by its name in recipes."""


def render_card(
    *,
    config: ModelConfig,
    recipe: Recipe | None,
    results: RunResults | None,
    repo_id: str | None,
    choices: CardChoices = NO_CHOICES,
    folder: Path | None = None,
    shows_examples: bool = False,
) -> str:
    """Build the model card, a Markdown text with YAML front matter.

    It has no folders of this machine.

    Args:
        config: the model's config, with its labels.
        recipe: how the model was made; None leaves the settings out.
        results: what a run measured; None leaves out everything measured.
        repo_id: where the model lives on the Hub, for the usage example; None for one that is run in the folder.
        choices: of the publisher.
        folder: where the weights and perhaps a report stand, whose size and findings the card tells.
        shows_examples: show mistakes, with texts of the data.

    Raises:
        InputError: the folder's report is not what a run writes.
    """
    results_json = None if results is None else to_json(results)
    if results_json is not None:
        results = read_record(RunResults, strip_results(results_json), RESULTS_FILE)
    if recipe is not None:
        recipe = Recipe.from_json(strip_recipe(recipe.to_json(), results_json), RECIPE_FILE)
    found = _describe_folder(folder, has_results=results is not None, shows_examples=shows_examples)
    content = _load_template().render(_build_context(config, recipe, results, repo_id, choices, found))
    return add_edit_mark(re.sub(r"\n{3,}", "\n\n", content).strip() + "\n")


def write_card(
    folder: Path,
    *,
    config: ModelConfig,
    recipe: Recipe | None,
    results: RunResults | None,
    repo_id: str | None,
    choices: CardChoices = NO_CHOICES,
    loaded_from: Path | None = None,
    overwrite: bool = False,
    shows_examples: bool | None = None,
) -> None:
    """Write the card of the model in `folder`.

    A card that somebody edited is kept, unless `overwrite`. Licence and language that are not given stay what an
    earlier card says: the one that stands in `folder`, or else the one in the folder that the model was loaded from.

    It shows mistakes if the data are known to be public, or as `shows_examples` says.

    Without jinja2, which saving a model does not need, none is written, and a warning says so once.
    """
    card = folder / CARD_FILE
    if not overwrite and has_edited_card(folder):
        return
    if not is_installed("jinja2"):
        _warn_without_jinja2()
        return
    choices = choices.or_else(read_choices(card))
    if loaded_from is not None and loaded_from != folder:
        choices = choices.or_else(read_choices(loaded_from / CARD_FILE))
    if shows_examples is None:
        source = get_data_source(recipe, results)
        shows_examples = is_public_source(source, results.dataset.rows_sha256 if results else None)
    content = render_card(
        config=config,
        recipe=recipe,
        results=results,
        repo_id=repo_id,
        choices=choices,
        folder=folder,
        shows_examples=shows_examples,
    )
    write_file(card, content.encode())


def has_edited_card(folder: Path) -> bool:
    """Return whether a folder has a card that somebody wrote or edited."""
    card = folder / CARD_FILE
    return card.exists() and not is_unedited(read_bytes(card, MAX_TEXT_BYTES).decode(errors="replace"))


@functools.cache  # so that it is said once
def _warn_without_jinja2() -> None:
    logger.warning("the model card is not written: it needs jinja2, so run %s", name_install_command("jinja2"))


@functools.cache  # compiling the template takes most of the time of a card
def _load_template() -> "jinja2.Template":
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "cell": format_cell,
        "code": format_code,
        "fenced": lambda value: str(value).replace("```", "'''"),  # which would end the block
        "setting": lambda value: "none" if value is None else str(value),
        "number": lambda value: f"{int(value):,}",
        "percent": format_percent,
        "loss": lambda value: f"{float(value):.4f}",
        "interval": format_interval,
        "duration": format_duration,
    }
    return environment.from_string(_find_template().read_text(encoding="utf-8"))


def _find_template() -> Path:
    """Find the card's template.

    It is in the installed package, or at the top of the checkout that an editable install uses.
    """
    package = Path(__file__).resolve().parents[2]
    installed = package / "resources" / "model_card.md"
    return installed if installed.is_file() else package.parent / "model_card.md"


def read_choices(card: Path) -> CardChoices:
    """Read licence and language from a card's front matter."""
    if not card.exists():
        return NO_CHOICES
    try:
        content = read_bytes(card, MAX_TEXT_BYTES).decode()
        data = RepoCard(content, ignore_metadata_errors=True).data.to_dict()  # type: ignore[no-untyped-call]
    except Exception:  # the client raises errors of its YAML library
        return NO_CHOICES
    chosen = {name: data.get(name) for name in ("license", "language")}
    return CardChoices(**{name: value if isinstance(value, str) else None for name, value in chosen.items()})


@dataclass(frozen=True)
class _Findings:
    """Holds the weights' size and the report's findings."""

    weights_bytes: int | None = None
    report_files: Sequence[str] = ()
    by_length: Sequence[LengthGroup] = ()
    unseen: UnseenFigures | None = None
    tricky_reviews: Sequence[TrickyReview] = ()
    mistakes: Sequence[Mistake] = ()


def _build_context(
    config: ModelConfig,
    recipe: Recipe | None,
    results: RunResults | None,
    repo_id: str | None,
    choices: CardChoices,
    found: _Findings,
) -> dict[str, Any]:
    """Build the template's variables."""
    source = get_data_source(recipe, results)
    name = repo_id.rpartition("/")[2] if repo_id else name_repository(source, recipe.name if recipe else None)
    is_imdb = source in IMDB_SOURCES
    splits = dict(sorted(results.splits.items(), key=lambda item: item[0] != "test")) if results else {}
    metadata = build_metadata(
        config,
        recipe=recipe,
        results=results,
        name=name,
        repo_id=repo_id,
        scored_reviews=found.tricky_reviews,
        choices=choices,
    )
    vectors = results.embeddings if results else None
    return {
        "card_data": metadata.to_yaml(),
        "title": name,
        "architecture": _describe_architecture(config),
        "config": config,
        "what_is_read": _describe_truncation(config),
        "labels": config.label_names[:MAX_NAMED_LABELS],
        "license": choices.license,
        "recipe": recipe,
        "settings": _list_settings(recipe) if recipe else [],
        "results": results,
        "published": _compare_with_published(recipe, splits) if recipe else [],
        "vectors": vectors,
        "has_glove": vectors is not None and are_glove(vectors),
        "base_model": get_base_model_id(results),
        "repo_id": repo_id,
        "our_recipe": recipe.name if recipe and recipe.name in RECIPES else DEFAULT_RECIPE,
        "example": "A wonderful film." if is_imdb else "A text to classify.",
        "splits": splits,
        "unknown_tokens": [
            f"{format_percent(figures.unknown_tokens)} ({format_cell(split)})"
            for split, figures in splits.items()
            if figures.unknown_tokens is not None
        ],
        "baselines": [each for each in results.baselines if "test" in each.splits] if results else [],
        "found": found,
        **_build_data_context(recipe, results),
    }


def _build_data_context(recipe: Recipe | None, results: RunResults | None) -> dict[str, Any]:
    """Build the template's variables on the data set."""
    source = get_data_source(recipe, results)
    return {
        "source": source,
        "is_imdb": source in IMDB_SOURCES,
        "is_on_hub": source is not None and (source == SAMPLE or is_hub_id(source)),
        "dataset_name": name_dataset(source) if source else None,
        "data_sentence": _describe_data(source, recipe) if source else None,
        "duplicates": _describe_duplicates(results.dataset.duplicates) if results else None,
    }


def _list_settings(recipe: Recipe) -> list[tuple[str, Any]]:
    """Return all settings of a recipe as `section.name` and value."""
    sections = {name: getattr(recipe, name) for name in SECTIONS}
    return [
        (f"{section}.{field.name}", getattr(settings, field.name))
        for section, settings in sections.items()
        for field in dataclasses.fields(settings)
        if field.name not in SET_BY_DATA
    ]


def _describe_folder(folder: Path | None, *, has_results: bool, shows_examples: bool) -> _Findings:
    """Read the weights' size and the report from the model's folder.

    The report is left out unless the model has results. Its mistakes are, unless `shows_examples`.
    """
    if folder is None:
        return _Findings()
    weights = folder / WEIGHTS_FILE
    weights_bytes = weights.stat().st_size if weights.is_file() else None
    metrics, errors = folder / REPORT_FOLDER / "metrics.json", folder / REPORT_FOLDER / "errors.jsonl"
    if not (has_results and metrics.is_file()):
        return _Findings(weights_bytes)
    analysis = read_record(Analysis, read_json(metrics), metrics.name)
    files = [path for path in list_report_files(folder) if shows_examples or path.name not in EXAMPLE_FILES]
    return _Findings(
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


def _compare_with_published(recipe: Recipe, splits: Mapping[str, SplitFigures]) -> list[tuple[str, float, float]]:
    """List the published accuracies beside this run's.

    Each has its split, the accuracy published, and this run's, both as shares.
    """
    return [
        (split, recipe.published[name] / 100, splits[split].accuracy)
        for name, split in _PUBLISHED_ACCURACIES.items()
        if name in recipe.published and split in splits
    ]


def _describe_architecture(config: ModelConfig) -> str:
    layers = "1 layer" if config.num_layers == 1 else f"{config.num_layers} layers"
    direction = "bidirectional, " if config.bidirectional else ""
    units = f"{config.hidden_size} units{' in each direction' if config.bidirectional else ''}"
    words = f"embeddings of {config.embedding_dim}, {config.vocab_size:,} vocabulary entries"
    steps = f", {config.words_per_step} words a step" if config.words_per_step > 1 else ""
    return f"{direction}{layers} of {units}{steps}, {words}"


def _describe_truncation(config: ModelConfig) -> str:
    """Describe in words how a text is cut."""
    limit = config.max_length_tokens
    if config.truncation == "head_tail":
        return f"the first {limit - limit // 2:,} and the last {limit // 2:,} tokens"
    return f"the {config.truncation} {limit:,} tokens"


def _describe_data(source: str, recipe: Recipe | None) -> str:
    link = f"[{source}](https://huggingface.co/datasets/{source})"
    where = link if is_hub_id(source) else format_cell(name_dataset(source))
    if recipe is not None and recipe.data.split != "official":
        return f"All labeled rows of {where}, pooled, permuted and cut anew: test is not the data set's own."
    return f"The labeled rows of {where}."


def _describe_duplicates(duplicates: dict[str, int]) -> dict[str, int]:
    """Describe the counts of duplicates, leaving out zeros.

    `test_in_train: 3` becomes `test rows whose text is in train: 3`.
    """
    described = {}
    for key, num_rows in duplicates.items():
        split, is_across, other = key.partition("_in_")
        where = f"{split} rows whose text is in {other}" if is_across else f"repeats {key.replace('_', ' ')}"
        if num_rows:
            described[where] = num_rows
    return described
