"""Compares what a run is with what it was when it began, before it is resumed."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.config.earlier_runs import fill_in_defaults, is_completed
from hf_lstm.config.train import AUTO
from hf_lstm.errors import InputError
from hf_lstm.files.names import RECIPE_FILE, RESULTS_FILE
from hf_lstm.files.reading import read_json_if_there
from hf_lstm.files.writing import write_json
from hf_lstm.records.places import strip_recipe

logger = logging.getLogger(__name__)

_MAX_SHOWN = 5
_MAX_CHARACTERS = 60
_DIGEST, _DIGEST_DIGITS = re.compile("[0-9a-f]{64}"), 12


def check_identity(path: Path, now: Mapping[str, Any], *, must_be_equal: bool) -> None:
    """Compare sections of a run with those in its file. Sections that the file lacks are added to it.

    Settings that it lacks, as one of an earlier version may, have their defaults there.

    Args:
        path: of the run's JSON file; it is made if need be.
        now: by section, what is so now, as JSON.
        must_be_equal: refuse what differs, as settings and data; else warn in one line, as of code and threads, which
            may change the last bits.

    Raises:
        InputError: `must_be_equal`, and something differs; each key is named, with its old and new value.
    """
    try:
        saved = read_json_if_there(path) or {}
    except InputError as error:
        raise InputError(
            f"{error}; it says what the run began with, so the run cannot be resumed: pass --overwrite (overwrite=True "
            "in Python) to start anew"
        ) from None
    if isinstance(saved.get("settings"), Mapping):
        saved["settings"] = fill_in_defaults(saved["settings"], now.get("settings", {}))
    differences = [
        line for section in now if section in saved for line in _compare(section, saved[section], now[section])
    ]
    if differences:
        said = _list(differences)
        if must_be_equal:
            raise InputError(
                f"the run in {path.parent.parent} cannot be resumed: {said}; resume it with what it began with, "
                "or pass --overwrite (overwrite=True in Python) to start anew"
            )
        logger.warning("the run began otherwise, and may differ in its last bits from now on: %s", said)
    if missing := {section: value for section, value in now.items() if section not in saved}:
        write_json(path, {**saved, **missing})


def read_begun(identity: Path, recipe_file: Path) -> dict[str, Any]:
    """Read the settings that a run began with, by section, finished or not; none of another.

    Args:
        identity: see `check_identity`.
        recipe_file: of a finished run.

    Raises:
        InputError: the file is damaged.
    """
    saved = (read_json_if_there(identity) or {}).get("settings") or read_json_if_there(recipe_file)
    return dict(saved) if isinstance(saved, Mapping) else {}


def check_finished(folder: Path, now: Mapping[str, Any]) -> None:
    """Refuse to take a finished run for one with other settings.

    The recipe of a finished run names things of this machine without their folders, and so they are compared. Settings
    that it lacks, as one of an earlier version may, have their defaults there. Those that a run completes are not
    compared: see `is_completed`.

    Args:
        folder: of the finished run.
        now: by section, the settings that are asked for, as JSON; and the recipe's `name`.

    Raises:
        InputError: it had others, or another recipe; each is named, with its old and new value.
    """
    saved, results = (read_json_if_there(folder / name) or {} for name in (RECIPE_FILE, RESULTS_FILE))
    before, after = _flatten(fill_in_defaults(saved, now), ""), _flatten(strip_recipe(now, results), "")
    base = {
        "has_base": after.get("train.init_from") not in (None, AUTO),
        "is_language_model": _flatten(results, "").get("init_from.is_language_model") is True,
    }
    keys = [
        key
        for key in after
        if key in before and after[key] != before[key] and not key.startswith("given.")
        if not is_completed(key, before, after, **base)
    ]
    if not base["is_language_model"]:  # whose classifiers have what the recipe says, given or not
        keys += [key for key in before if key.startswith("given.") and key not in after]
    refuse_finished(folder, [_tell("the recipe" if key == "name" else key, before, after, key) for key in keys])


def refuse_finished(folder: Path, differences: list[str]) -> None:
    """Refuse to take a finished run for another one, if something differs.

    Raises:
        InputError: something does.
    """
    if differences:
        raise InputError(
            f"the run in {folder} is finished, and was another one: {_list(differences)}; pass --overwrite "
            "(overwrite=True in Python) to replace it, or another --output-dir (output_dir= in Python)"
        )


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Tell in what two JSON objects differ, a line for each key, with its old and new value."""
    return _compare("", before, after)


def _list(differences: list[str]) -> str:
    more = f"; and {len(differences) - _MAX_SHOWN} more" if len(differences) > _MAX_SHOWN else ""
    return "; ".join(differences[:_MAX_SHOWN]) + more


def _compare(section: str, saved: Any, now: Any) -> list[str]:
    before, after = (_flatten(value, "" if isinstance(value, Mapping) else section) for value in (saved, now))
    return [
        _tell(key, before, after, key)
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key) or (key in before) != (key in after)
    ]


def _tell(name: str, before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> str:
    return f"{name} was {_show(before, key)} and is {_show(after, key)} now"


def _flatten(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {place: list(value) if isinstance(value, tuple) else value}
    flat: dict[str, Any] = {}
    for key, each in value.items():
        flat |= _flatten(each, f"{place}.{key}" if place else str(key))
    return flat


def _show(values: Mapping[str, Any], key: str) -> str:
    shown = "none" if values.get(key) is None else str(values[key])
    if _DIGEST.fullmatch(shown):
        return f"{shown[:_DIGEST_DIGITS]}..."
    return shown if len(shown) <= _MAX_CHARACTERS else f"{shown[:_MAX_CHARACTERS]}..."
