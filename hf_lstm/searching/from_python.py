"""Searches from Python on rows of many forms: what `hf_lstm.search` does."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets  # noqa: F401  # first of all that [train] installs, so that this is what is said to be missing
import numpy as np
import optuna  # noqa: F401  # likewise

from hf_lstm.config import Recipe
from hf_lstm.config.checks import require, require_count, require_minutes, suggest_names
from hf_lstm.config.overrides import change_settings, find_sections
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.files.writing import make_temporary_folder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.places import IN_MEMORY
from hf_lstm.records.search import SearchFacts
from hf_lstm.searching.folder import SearchFolder, claim_search_folder
from hf_lstm.searching.run import SearchOptions, search_in_folder
from hf_lstm.searching.space import PRUNERS, Dimension, Value, build_default_space, format_value, parse_space
from hf_lstm.sources.in_memory import Rows, resolve_source
from hf_lstm.storage.checkpoints import DEFAULT_MINUTES
from hf_lstm.tracking.trackers import check_tracker
from hf_lstm.training.bases.loading import check_own_settings
from hf_lstm.training.from_python import removed_on_failure, shown_log, told_how_to_resume
from hf_lstm.training.python_call import format_call


@dataclass(frozen=True)
class SearchResult:
    """Holds what a search found.

    Attributes:
        settings: those of the best trial, for `hf_lstm.train(data, recipe, **settings)`, and those that the search was
            given.
        facts: all trials, as search.json has them; `facts.rank()` lists those that were finished, the best first.
        model: that of the best trial, in evaluation mode.
        folder: where search.md, search.json and the best model are.
    """

    settings: dict[str, Any]
    facts: SearchFacts
    model: LSTMSentiment
    folder: Path


def search_from_python(
    data: Rows,
    recipe: str | Recipe = DEFAULT_RECIPE,
    *,
    space: Mapping[str, str | Sequence[Value]] | None = None,
    trials: int = 30,
    minutes: float | None = None,
    pruner: str = "median",
    output_dir: str | Path | None = None,
    validation: Rows | None = None,
    test: Rows | None = None,
    device: str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    checkpoint_minutes: float = DEFAULT_MINUTES,
    show_progress: bool = True,
    track: str | None = None,
    **settings: Any,
) -> SearchResult:
    """Search for better settings of a recipe: train it again and again, and judge each trial on validation.

    Test is never measured: `hf_lstm.train(data, recipe, **result.settings)` does that, once.

    Example:
        >>> space = {"learning_rate": "1e-4..1e-2:log", "hidden_size": [32, 64]}
        >>> result = hf_lstm.search(frame, space=space, trials=20)
        >>> hf_lstm.train(frame, **result.settings).results.splits["test"].accuracy

    Args:
        data: labeled rows in any form that `hf_lstm.train` takes.
        recipe: a recipe, or the name of one.
        space: by the name of a setting, what to try: a list, or a text such as `1e-4..1e-2:log`, `16..128:16`, `32,64`.
            By default learning rate, batch size, dropout and the sizes of the network, around what the recipe has.
        trials: how many in all, with those that `output_dir` has.
        minutes: the time after which the trial that runs is saved and stopped.
        pruner: what breaks off poor trials: `median`, `hyperband` or `none`.
        output_dir: the folder to write; by default one that is deleted when the process ends.
        validation: rows to judge by.
        test: rows that are kept out of train.
        device: as for `hf_lstm.train`, as are the next four.
        overwrite: replace the search that `output_dir` holds.
        resume: go on with it, or start anew where there is none.
        checkpoint_minutes: most minutes of a trial that a process which dies can lose.
        show_progress: show a line for each trial.
        track: show each trial while it trains.
        **settings: of the recipe, that all trials have.

    Raises:
        InputError: the data, a setting, the space or the folder is unusable, or no trial was finished.
    """
    if not isinstance(recipe, (str, Recipe)):
        raise InputError(f"the recipe is {type(recipe).__name__}, expected a Recipe or the name of one")
    if "dataset" in settings:
        raise InputError("dataset is no setting here: pass the data as the first argument")
    require(isinstance(pruner, str) and pruner in PRUNERS, "pruner", pruner, f"one of {', '.join(PRUNERS)}")
    require_count("trials", trials)
    if minutes is not None:
        require_minutes("minutes", minutes)
    require_minutes("checkpoint_minutes", checkpoint_minutes)
    check_tracker(track)
    rows = resolve_source(data, validation, test)
    source = rows if isinstance(rows, str) else IN_MEMORY
    chosen = change_settings(get_recipe(recipe) if isinstance(recipe, str) else recipe, settings)
    chosen = dataclasses.replace(chosen, data=dataclasses.replace(chosen.data, dataset=source))
    dimensions = _read_space(chosen, space, settings)
    temporary = make_temporary_folder("hf-lstm-") if output_dir is None else None
    folder = temporary / "search" if temporary is not None else expand_home(str(output_dir))
    options = SearchOptions(
        num_trials=trials,
        name_best=lambda best: _format_call(chosen, settings, best),
        minutes=minutes,
        pruner=pruner,
        device=device,
        command=f"hf_lstm.search({source!r}, {chosen.name!r}, ...)",
        show_progress=show_progress,
        in_memory=None if isinstance(rows, str) else rows,
        checkpoint_minutes=checkpoint_minutes,
        track=track,
        shown_as=None if output_dir is not None else Path("runs") / f"{chosen.name_folder()}-search",
    )
    with (
        shown_log() if show_progress else contextlib.nullcontext(),
        removed_on_failure(temporary),
        told_how_to_resume(lambda: temporary is None and SearchFolder(folder).can_be_resumed),
        claim_search_folder(folder, overwrite=overwrite, resume=resume) as claimed,
    ):
        facts = search_in_folder(chosen, dimensions, options, claimed)
        best = facts.require_best()
    return SearchResult(_join(settings, best.settings), facts, LSTMSentiment.from_pretrained(claimed.best), folder)


def _read_space(
    recipe: Recipe, space: Mapping[str, str | Sequence[Value]] | None, settings: Mapping[str, Any]
) -> list[Dimension]:
    """Read a space whose settings are named without their section.

    Raises:
        InputError: the space is no dictionary, a setting is unknown or given twice, or can't have a value; or nothing
            is left to search for.
    """
    require(space is None or isinstance(space, Mapping), "space", space, "a dictionary of settings and what to try")
    sections = find_sections(recipe)
    given = [f"{sections[name]}.{name}" for name in settings]
    texts = []
    for name, values in (space or {}).items():
        if name not in sections:
            raise InputError(f"space: there is no setting {name!r}; {suggest_names(name, sections)}")
        require(isinstance(values, Iterable), f"space: {name}", values, "a list, or a text such as 16,32,64")
        said = values if isinstance(values, str) else ",".join(map(_format_item, values))
        texts.append(f"{sections[name]}.{name}={said}")
    found = parse_space(texts, recipe, fixed=given)
    found = found or [each for each in build_default_space(recipe) if each.setting not in given]
    if not found:
        raise InputError("all that would be searched for has a value already; say in space what to search for")
    check_own_settings(recipe, [each.setting for each in found])
    return found


def _format_item(value: Value) -> str:
    """Write an item of a list or of an array."""
    return format_value(value.item() if isinstance(value, np.generic) else value)


def _join(settings: Mapping[str, Any], best: Mapping[str, Value]) -> dict[str, Any]:
    """Join the settings of all trials with those of the best one, named without their section."""
    return {**settings, **{setting.partition(".")[2]: value for setting, value in best.items()}}


def _format_call(recipe: Recipe, settings: Mapping[str, Any], best: Mapping[str, Value]) -> str:
    joined = _join(settings, best)
    return format_call(change_settings(recipe, joined), joined)
