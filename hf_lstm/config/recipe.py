"""Recipes as data: frozen dataclasses that validate themselves where they are built."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import ModelConfig
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.config.train import TrainConfig


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A complete run: data, tokenizer, model and training, with where it comes from and what was published."""

    name: str
    description: str
    """One line for `--help`."""
    source: str
    """Who published the system, and where."""
    published: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """The published figures, by name; accuracies in percent."""
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = dataclasses.field(default_factory=TokenizerConfig)
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-able nested dicts."""
        return dataclasses.asdict(self)
