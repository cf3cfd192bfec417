"""Compares the rows that are there with those of a finished run."""

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.config import Recipe
from hf_lstm.data.digests import hash_texts
from hf_lstm.data.loading import load_splits, load_unlabeled
from hf_lstm.errors import InputError
from hf_lstm.files.names import RECIPE_FILE, RESULTS_FILE
from hf_lstm.files.reading import read_json_if_there
from hf_lstm.progress import dataset_bars
from hf_lstm.records.places import is_local
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.label_feature import Labels
from hf_lstm.storage.identity import compare, refuse_finished

logger = logging.getLogger(__name__)


def check_rows(folder: Path, asked: Recipe, in_memory: InMemorySplits | None = None) -> None:
    """Refuse to take a finished run for one on other rows.

    They are read, but not tokenized. Of a source that cannot be reached now, a warning says so.

    Args:
        folder: of the finished run, which had the same settings: see `check_finished`.
        asked: whose rows to compare. How they are read, the run's model may have completed.
        in_memory: the rows, if they were passed from Python.

    Raises:
        InputError: the run had others; labels, numbers and digests are named that differ. Or they can't be read.
    """
    results, recipe = (read_json_if_there(folder / name) or {} for name in (RESULTS_FILE, RECIPE_FILE))
    facts = results.get("dataset")
    if not isinstance(facts, Mapping) or "rows_sha256" not in facts or not recipe:
        return
    config = Recipe.from_json(recipe, str(folder / RECIPE_FILE)).data
    config = dataclasses.replace(config, dataset=asked.data.dataset, group_file=asked.data.group_file)
    try:
        with dataset_bars(shown=False):
            splits = load_splits(config, in_memory)
            unlabeled = load_unlabeled(asked.train, config, splits)
    except InputError as error:
        if in_memory is not None or is_local(asked.data.dataset):
            raise
        logger.warning("whether its rows are those of %s can't be told: %s", folder, error)
        return
    before: dict[str, Any] = {"labels": _read_labels(results), **facts}
    now = {
        "labels": list(Labels.of_rows(splits["train"]).names),
        "num_rows": {name: len(split) for name, split in splits.items()},
        "rows_sha256": splits.rows_sha256,
        "texts_sha256": {name: hash_texts(split["text"][:]) for name, split in splits.items()},
        "num_unlabeled": len(unlabeled) if asked.train.learns_from_unlabeled else None,
        "unlabeled_sha256": hash_texts(unlabeled) if len(unlabeled) else None,
    }
    known = [name for name in now if before.get(name) is not None]  # of an earlier version, some are not
    refuse_finished(folder, compare({name: before[name] for name in known}, {name: now[name] for name in known}))


def _read_labels(results: Mapping[str, Any]) -> Any:
    try:
        return results["splits"]["test"]["confusion_matrix"]["labels"]
    except (KeyError, TypeError):
        return None
