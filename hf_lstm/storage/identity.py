"""Compares what a run is with what it was when it began, before it is resumed."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.files import read_json, write_json

logger = logging.getLogger(__name__)

_MAX_SHOWN = 5
_MAX_CHARACTERS = 60


def check_identity(path: Path, now: Mapping[str, Any], *, must_be_equal: bool) -> None:
    """Compare sections of a run with those in its file. Sections that the file lacks are added to it.

    Args:
        path: of the run's JSON file; it is made if need be.
        now: by section, what is so now, as JSON.
        must_be_equal: refuse what differs, as settings and data; else warn in one line, as of code and threads, which
            may change the last bits.

    Raises:
        InputError: `must_be_equal`, and something differs; each key is named, with its old and new value.
    """
    saved = read_json(path) if path.is_file() else {}
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


def check_finished(recipe_file: Path, now: Mapping[str, Any]) -> None:
    """Refuse to take a finished run for one with other settings.

    Compared are the numbers and switches that both have: other settings are completed by a run, and lose folders.

    Args:
        recipe_file: of the finished run.
        now: by section, the settings that are asked for, as JSON; and the recipe's `name`.

    Raises:
        InputError: it had others, or another recipe; each is named, with its old and new value.
    """
    saved = _flatten(read_json(recipe_file), "") if recipe_file.is_file() else {}
    differences = [
        f"{key} was {saved[key]} and is {value} now"
        for key, value in _flatten(now, "").items()
        if isinstance(value, (int, float)) and isinstance(saved.get(key), (int, float)) and value != saved[key]
    ]
    if "name" in now and now["name"] != saved.get("name", now["name"]):
        differences.insert(0, f"the recipe was {_show(saved, 'name')} and is {now['name']} now")
    if differences:
        raise InputError(
            f"the run in {recipe_file.parent} is finished, and was another one: {_list(differences)}; pass --overwrite "
            "(overwrite=True in Python) to replace it, or another --output-dir (output_dir= in Python)"
        )


def _list(differences: list[str]) -> str:
    more = f"; and {len(differences) - _MAX_SHOWN} more" if len(differences) > _MAX_SHOWN else ""
    return "; ".join(differences[:_MAX_SHOWN]) + more


def _compare(section: str, saved: Any, now: Any) -> list[str]:
    before, after = (_flatten(value, "" if isinstance(value, Mapping) else section) for value in (saved, now))
    return [
        f"{key} was {_show(before, key)} and is {_show(after, key)} now"
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key) or (key in before) != (key in after)
    ]


def _flatten(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {place: list(value) if isinstance(value, tuple) else value}
    flat: dict[str, Any] = {}
    for key, each in value.items():
        flat |= _flatten(each, f"{place}.{key}" if place else str(key))
    return flat


def _show(values: Mapping[str, Any], key: str) -> str:
    shown = "none" if values.get(key) is None else str(values[key])
    return shown if len(shown) <= _MAX_CHARACTERS else f"{shown[:_MAX_CHARACTERS]}..."
