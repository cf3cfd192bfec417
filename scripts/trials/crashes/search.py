"""Searches with three trials of a tiny network in an output folder, and reads all that came of it."""

import dataclasses
import functools
import gc
import json
import math
import random
from pathlib import Path
from typing import Any
from unittest import mock

import optuna
import torch
from optuna.trial import TrialState

from hf_lstm.config import Recipe
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.records.places import IN_MEMORY
from hf_lstm.searching import run as searching
from hf_lstm.searching.folder import SearchFolder, claim_search_folder
from hf_lstm.searching.space import parse_space
from hf_lstm.sources.in_memory import InMemorySplits, resolve_source
from hf_lstm.storage import metrics_log
from trials.commands.outcomes import read_outcome
from trials.crashes.work import Work, count_save, read_count

_NUM_TRIALS = 3
_SETTINGS = (
    "train.num_epochs=2", "train.batch_size=16", "model.embedding_dim=4", "model.hidden_size=4",
    "model.max_length_tokens=8",
)  # fmt: skip
_SPACE = ("train.learning_rate=1e-6..1e-1:log",)
_STATE_CHANGES = 6
"""The number of an operation of Optuna's journal that says what became of a trial."""
_ENDED = {state.value for state in TrialState if state.is_finished()}


def _search_in_folder(folder: Path) -> None:
    """Search in a folder, or go on with the search that it holds."""
    random.seed(0)  # a forked process has other numbers than its parent
    torch.manual_seed(0)
    tell = optuna.study.Study.tell

    @functools.wraps(tell)
    def tell_and_count(*arguments: Any, **options: Any) -> Any:
        told = tell(*arguments, **options)
        count_save(folder)
        return told

    recipe, rows = _build()
    options = searching.SearchOptions(
        num_trials=_NUM_TRIALS, name_best=str, pruner="hyperband", show_progress=False, in_memory=rows
    )
    with (
        mock.patch.object(metrics_log, "MAX_DELAY_S", math.inf),  # as `train_in_folder` has it
        mock.patch.object(searching, "write_plot"),  # it takes longer than the trials, and is written as the page is
        mock.patch.object(optuna.study.Study, "tell", tell_and_count),
        claim_search_folder(folder, overwrite=False, resume=True) as claimed,
    ):
        searching.search_in_folder(recipe, parse_space(_SPACE, recipe), options, claimed)


def _build() -> tuple[Recipe, InMemorySplits]:
    recipe = override_recipe(get_recipe("pooled-bilstm"), _SETTINGS)
    recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, dataset=IN_MEMORY))
    rows = resolve_source(_make_rows(48, 0), _make_rows(16, 100), None)
    assert isinstance(rows, InMemorySplits)
    return recipe, rows


def _make_rows(num_rows: int, offset: int) -> tuple[list[str], list[str]]:
    words = ("good", "fine", "bad", "poor")
    numbers = range(num_rows)
    return (
        [f"a {words[number % 4]} film, number {(number + offset) * 7919 % 89}" for number in numbers],
        ["pos" if number % 4 < 2 else "neg" for number in numbers],
    )


def _read_finished(folder: Path) -> dict[str, Any] | None:
    return read_outcome(folder) if (folder / "best" / "config.json").is_file() else None


def find_loss(folder: Path) -> str | None:
    """Say what is lost of a search that was stopped: the trials that have ended must be in its journal."""
    journal = SearchFolder(folder).journal
    lines = journal.read_bytes().splitlines(keepends=True) if journal.is_file() else []
    operations = [json.loads(line) for line in lines if line.endswith(b"\n")]
    ended = [each for each in operations if each["op_code"] == _STATE_CHANGES and each["state"] in _ENDED]
    num_told = read_count(folder)
    return f"{num_told} trials had ended, but {len(ended)} are kept" if len(ended) < num_told else None


def _warm_up(folder: Path) -> None:
    """Search once, and have garbage collection of processes that are forked from now on leave out what is there."""
    _search_in_folder(folder)
    gc.collect()
    gc.freeze()


SEARCH = Work(
    "search",
    _search_in_folder,
    _read_finished,
    find_loss,
    _warm_up,
    functools.partial(claim_search_folder, overwrite=False, resume=False),
)
