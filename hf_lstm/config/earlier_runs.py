"""Reads the settings of earlier runs: fills in those that came later, and tells which a run completes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import SINGLE_LABEL
from hf_lstm.config.overrides import SECTIONS
from hf_lstm.config.pretrain import SET_BY_LANGUAGE_MODEL

_CHOSEN_WORDS = ("any_script", "bpe")
"""How a run finds words in scripts that the default recipe would misread."""


def fill_in_defaults(saved: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Give settings that a run of an earlier version lacks their defaults, by which it ran.

    Args:
        saved: by section, as JSON.
        now: by section, the settings of this version; others are not filled in.
    """
    filled = dict(saved)
    for name, kind in SECTIONS.items():
        if isinstance(saved.get(name), Mapping) and isinstance(now.get(name), Mapping):
            lacking = [key for key in now[name] if key not in saved[name]]
            defaults = dataclasses.asdict(kind())
            filled[name] = {**saved[name], **{key: defaults[key] for key in lacking if key in defaults}}
    if "given" in now:
        filled.setdefault("given", now["given"])  # earlier versions refused what it would tell
    return filled


def is_completed(
    key: str, saved: Mapping[str, Any], asked: Mapping[str, Any], *, has_base: bool, is_language_model: bool
) -> bool:
    """Tell whether a run may have put the saved value of a setting in the place of what it was asked for.

    Args:
        key: the setting, such as `model.single_logit`.
        saved: settings of a finished run, by such keys.
        asked: likewise, the settings of the run that is asked for, and with `given.` before them those that somebody
            has set.
        has_base: whether it starts from a saved model. Its columns and cut fill in what was left at the default.
        is_language_model: whether that is known to be a language model, which leaves more of the network open.
    """
    section, _, name = key.partition(".")
    if key == "model.single_logit":
        is_single = saved.get("model.problem_type", SINGLE_LABEL) == SINGLE_LABEL
        has_opposites = is_single and "model.id2label.2" not in saved
        return not has_opposites or (has_base and not is_language_model)
    if not has_base:
        return key == "tokenizer.words" and saved[key] in _CHOSEN_WORDS
    if section == "model":
        is_open = is_language_model or f"given.{key}" in asked
        return not is_open or name in SET_BY_LANGUAGE_MODEL
    return section == "tokenizer" or (
        section == "data" and name != "dataset" and asked[key] == dataclasses.asdict(DataConfig()).get(name)
    )
