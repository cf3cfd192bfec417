"""Fills in settings that came after a run had begun."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import ModelSettings
from hf_lstm.config.pretrain import PretrainConfig
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.config.train import TrainConfig

_SECTIONS = {
    "data": DataConfig,
    "tokenizer": TokenizerConfig,
    "model": ModelSettings,
    "train": TrainConfig,
    "pretrain": PretrainConfig,
}


def fill_in_defaults(saved: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Give settings that a run of an earlier version lacks their defaults, by which it ran.

    Args:
        saved: by section, as JSON.
        now: by section, the settings of this version; others are not filled in.
    """
    filled = dict(saved)
    for name, kind in _SECTIONS.items():
        if isinstance(saved.get(name), Mapping) and isinstance(now.get(name), Mapping):
            lacking = [key for key in now[name] if key not in saved[name]]
            defaults = dataclasses.asdict(kind())
            filled[name] = {**saved[name], **{key: defaults[key] for key in lacking if key in defaults}}
    return filled
