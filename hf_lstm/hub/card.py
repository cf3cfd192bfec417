"""The model card: the template `model_card.md` filled with what a run measured, and marked as generated."""

import functools
import json
import logging
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError
from hf_lstm.extras import is_installed, name_install_command
from hf_lstm.files import CARD_FILE, REPORT_FOLDER, WEIGHTS_FILE, read_json, write_file
from hf_lstm.hub.card_metadata import (
    IMDB_SOURCES,
    describe_vectors,
    find_base_model,
    find_source,
    is_hub_id,
    make_metadata,
    name_dataset,
)
from hf_lstm.hub.edit_mark import is_generated, mark_generated
from hf_lstm.markdown import format_cell, format_interval, format_percent

if TYPE_CHECKING:
    import jinja2

logger = logging.getLogger(__name__)

MAX_MISTAKES = 3
"""Of the most confident ones, shown in the card; the report has more."""
MAX_MISTAKE_CHARACTERS = 300
MAX_MATRIX_LABELS = 20
"""A confusion matrix of more labels does not fit a page."""

_PUBLISHED_ACCURACIES = {"test_accuracy": "test", "validation_accuracy": "validation"}
"""By the names that recipes give them: the split that each was measured on."""


def render_card(
    *,
    config: ModelConfig,
    recipe: dict[str, Any] | None,
    results: dict[str, Any] | None,
    repo_id: str | None,
    folder: Path | None = None,
) -> str:
    """Return the model card, a Markdown text with YAML front matter.

    Args:
        config: the model's config, with its labels.
        recipe: what `Recipe.to_dict` returns; None leaves the settings out.
        results: what a run wrote into results.json; None leaves out everything measured.
        repo_id: where the model lives on the Hub, for the usage example.
        folder: where the weights and perhaps a report stand, whose size and findings the card tells.

    Raises:
        InputError: `recipe` or `results` lack something that a run of this package writes.
    """
    import jinja2  # only needed to write a card, and slow to import

    try:
        context = _make_context(config, recipe, results, repo_id, _describe_folder(folder, results))
        content = _load_template().render(context)
    except (KeyError, TypeError, ValueError, AttributeError, jinja2.UndefinedError) as error:
        raise InputError(
            f"recipe.json or results.json are not from a run of hf_lstm: {error!r}; remove them"
        ) from error
    return mark_generated(re.sub(r"\n{3,}", "\n\n", content).strip() + "\n")


def write_card(
    folder: Path,
    *,
    config: ModelConfig,
    recipe: dict[str, Any] | None,
    results: dict[str, Any] | None,
    repo_id: str | None,
    overwrite: bool = False,
) -> None:
    """Write the card of the model in `folder`; one that somebody edited is kept, unless `overwrite`.

    Without jinja2, which saving a model does not need, none is written, and a warning says so once.
    """
    card = folder / CARD_FILE
    if overwrite or not card.exists() or is_generated(card.read_text(encoding="utf-8")):
        if not is_installed("jinja2"):
            _warn_without_jinja2()
            return
        content = render_card(config=config, recipe=recipe, results=results, repo_id=repo_id, folder=folder)
        write_file(card, content.encode())


@functools.cache  # once
def _warn_without_jinja2() -> None:
    logger.warning("the model card is not written: it needs jinja2, so run %s", name_install_command("jinja2"))


@functools.cache  # compiling it takes most of the time of a card
def _load_template() -> "jinja2.Template":
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "cell": format_cell,
        "setting": lambda value: "none" if value is None else str(value),
        "number": lambda value: f"{int(value):,}",
        "percent": format_percent,
        "loss": lambda value: f"{float(value):.4f}",
        "interval": lambda figures: format_interval(figures) if "accuracy_interval" in figures else "not computed",
        "duration": lambda seconds: f"{seconds / 60:.1f} minutes" if seconds >= 60 else f"{seconds:.0f} seconds",
    }
    return environment.from_string(_find_template().read_text(encoding="utf-8"))


def _find_template() -> Path:
    """Return the template in the installed package, or at the top of the checkout that an editable install uses."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "resources" / "model_card.md"
    return installed if installed.is_file() else package.parent / "model_card.md"


def _make_context(
    config: ModelConfig,
    recipe: dict[str, Any] | None,
    results: dict[str, Any] | None,
    repo_id: str | None,
    found: dict[str, Any],
) -> dict[str, Any]:
    """Return the template's variables; `found` is what `_describe_folder` returns."""
    source = find_source(recipe, results)
    name = repo_id.rpartition("/")[2] if repo_id else recipe["name"] if recipe else "LSTM text classifier"
    splits = dict(sorted(results["splits"].items(), key=lambda item: item[0] != "test")) if results else {}
    is_local_copy = bool(results and source != results["dataset"]["source"])
    scored = found["report"]["tricky_reviews"]
    metadata = make_metadata(config, recipe=recipe, results=results, name=name, repo_id=repo_id, scored_reviews=scored)
    return {
        "card_data": metadata.to_yaml(),
        "title": name,
        "architecture": _describe_architecture(config),
        "config": config,
        "what_is_read": _describe_truncation(config),
        "labels": [config.id2label[i] for i in range(config.num_labels)] if config.id2label else [],
        "recipe": recipe,
        "results": results,
        "published": _compare_with_published(recipe, splits),
        "vectors": describe_vectors(results),
        "base_model": find_base_model(results),
        "repo_id": repo_id,
        "source": source,
        "is_imdb": source in IMDB_SOURCES,
        "splits": splits,
        "is_local_copy": is_local_copy,
        "command": _name_in_command(results["command"], str(source)) if results and is_local_copy else None,
        "dataset_name": name_dataset(source) if source else None,
        "data_sentence": _describe_data(source, recipe) if source else None,
        "duplicates": _describe_duplicates(results["dataset"]["duplicates"]) if results else None,
        "max_matrix_labels": MAX_MATRIX_LABELS,
        # earlier releases did not measure it
        "calibrated": {key: of for key, of in splits.items() if "calibrated_expected_calibration_error" in of},
        **found,
    }


def _describe_folder(folder: Path | None, results: dict[str, Any] | None) -> dict[str, Any]:
    """Return the template's variables that the model's folder holds: the size of the weights, and the report."""
    report: dict[str, Any] = {"files": [], "by_length": [], "unseen": None, "tricky_reviews": [], "mistakes": []}
    if folder is None:
        return {"weights_bytes": None, "report": report}
    weights = folder / WEIGHTS_FILE
    metrics, errors = folder / REPORT_FOLDER / "metrics.json", folder / REPORT_FOLDER / "errors.jsonl"
    if results is not None and metrics.is_file():
        figures = read_json(metrics)
        report |= {name: figures[name] for name in ("by_length", "unseen", "tricky_reviews") if name in figures}
        report["files"] = sorted(path.name for path in metrics.parent.iterdir())
        if errors.is_file():
            lines = errors.read_text(encoding="utf-8").splitlines()[:MAX_MISTAKES]
            report["mistakes"] = [_describe_mistake(json.loads(line)) for line in lines]
    return {"weights_bytes": weights.stat().st_size if weights.is_file() else None, "report": report}


def _describe_mistake(mistake: dict[str, Any]) -> dict[str, Any]:
    """Return a mistake with the beginning of its text, without the line breaks that web pages have."""
    text = " ".join(re.sub(r"<br\s*/?>", " ", mistake["text"]).split())
    if len(text) > MAX_MISTAKE_CHARACTERS:
        text = text[:MAX_MISTAKE_CHARACTERS].rpartition(" ")[0] + " …"
    return {**mistake, "text": text, "words": [word["word"] for word in mistake.get("words", [])]}


def _compare_with_published(recipe: dict[str, Any] | None, splits: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return for each published accuracy its split, the accuracy published, and this run's, both as shares."""
    published = recipe.get("published", {}) if recipe else {}
    return [
        (split, published[name] / 100, splits[split]["accuracy"])
        for name, split in _PUBLISHED_ACCURACIES.items()
        if name in published and split in splits
    ]


def _describe_architecture(config: ModelConfig) -> str:
    layers = "1 layer" if config.num_layers == 1 else f"{config.num_layers} layers"
    direction = "bidirectional, " if config.bidirectional else ""
    units = f"{config.hidden_size} units{' in each direction' if config.bidirectional else ''}"
    size = f", {config.vocab_size:,} vocabulary entries" if config.vocab_size else ""
    return f"{direction}{layers} of {units}, embeddings of {config.embedding_dim}{size}"


def _describe_truncation(config: ModelConfig) -> str:
    """Return which tokens of a text the model reads."""
    limit = config.max_length_tokens
    if config.truncation == "head_tail":
        return f"the first {limit - limit // 2:,} and the last {limit // 2:,} tokens"
    return f"the {config.truncation} {limit:,} tokens"


def _describe_data(source: str, recipe: dict[str, Any] | None) -> str:
    link = f"[{source}](https://huggingface.co/datasets/{source})"
    where = link if is_hub_id(source) else f"{format_cell(name_dataset(source))}"
    if recipe is not None and recipe["data"]["split"] != "official":
        return f"All labeled rows of {where}, pooled, permuted and cut anew: test is not the data set's own."
    return f"The labeled rows of {where}."


def _name_in_command(command: str, source: str) -> str:
    """Return a command line with `source` in the place of the data set's copy that it read."""
    return re.sub(
        r"(--dataset(?:=|\s+)|data\.dataset=)('[^']*'|\S+)", lambda found: found[1] + shlex.quote(source), command
    )


def _describe_duplicates(duplicates: dict[str, int]) -> dict[str, int]:
    """Return `test_in_train: 3` as `test rows whose text is in train: 3`, leaving out what there is none of."""
    described = {}
    for key, num_rows in duplicates.items():
        split, is_across, other = key.partition("_in_")
        where = f"{split} rows whose text is in {other}" if is_across else f"repeats {key.replace('_', ' ')}"
        if num_rows:
            described[where] = num_rows
    return described
