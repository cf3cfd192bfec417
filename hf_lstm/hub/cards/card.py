"""Writes the model card from the template `model_card.md` and a run's results.

The card is marked as generated.
"""

import functools
import logging
import re
from pathlib import Path

from huggingface_hub import RepoCard

from hf_lstm.config import ModelConfig, Recipe
from hf_lstm.edit_mark import add_edit_mark, is_unedited
from hf_lstm.extras import is_installed, name_install_command
from hf_lstm.files.names import CARD_FILE, RECIPE_FILE, RESULTS_FILE
from hf_lstm.files.reading import MAX_TEXT_BYTES, read_bytes
from hf_lstm.files.writing import encode_text, write_file
from hf_lstm.hub.cards.context import build_context
from hf_lstm.hub.cards.findings import describe_folder
from hf_lstm.hub.cards.metadata import CardChoices, get_data_source
from hf_lstm.hub.cards.template import load_template
from hf_lstm.hub.privacy import is_public_source
from hf_lstm.records.places import strip_recipe, strip_results
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.results import RunResults

logger = logging.getLogger(__name__)

NO_CHOICES = CardChoices()


def render_card(
    *,
    config: ModelConfig,
    recipe: Recipe | None,
    results: RunResults | None,
    repo_id: str | None,
    choices: CardChoices = NO_CHOICES,
    folder: Path | None = None,
    shows_examples: bool = False,
    short_texts: str | None = None,
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
        short_texts: the page that says how the model does on short texts, relative to the card, if it was measured.

    Raises:
        InputError: the folder's report is not what a run writes.
    """
    results_json = None if results is None else to_json(results)
    if results_json is not None:
        results = read_record(RunResults, strip_results(results_json), RESULTS_FILE)
    if recipe is not None:
        recipe = Recipe.from_json(strip_recipe(recipe.to_json(), results_json), RECIPE_FILE)
    found = describe_folder(folder, has_results=results is not None, shows_examples=shows_examples)
    content = load_template().render(build_context(config, recipe, results, repo_id, choices, found, short_texts))
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
    short_texts: str | None = None,
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
        short_texts=short_texts,
    )
    write_file(card, encode_text(content))


def has_edited_card(folder: Path) -> bool:
    """Return whether a folder has a card that somebody wrote or edited."""
    card = folder / CARD_FILE
    return card.exists() and not is_unedited(read_bytes(card, MAX_TEXT_BYTES).decode(errors="replace"))


@functools.cache  # so that it is said once
def _warn_without_jinja2() -> None:
    logger.warning("the model card is not written: it needs jinja2, so run %s", name_install_command("jinja2"))


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
