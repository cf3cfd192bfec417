"""Defines the recipe: all settings of a run."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import NO_WEIGHT_DEPENDS_ON, ModelConfig, ModelSettings
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.config.train import TrainConfig
from hf_lstm.errors import InputError

MAX_DATA_CHARACTERS = 60
"""Of the data's name in that of a folder."""
SECTIONS = ("data", "tokenizer", "model", "train")
"""The fields of a recipe that hold settings."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Describes a complete run: data, tokenizer, model and training."""

    name: str
    description: str
    """One line for `--help`."""
    source: str
    """Who published the system, and where."""
    published: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Published figures by name. Accuracies are in percent."""
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = dataclasses.field(default_factory=TokenizerConfig)
    model: ModelSettings = dataclasses.field(default_factory=ModelSettings)
    """A `ModelConfig`, once the vocabulary and the labels are known."""
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    given: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """Names of the settings of `tokenizer` and `model` that somebody has set, such as `model.truncation`. A model to
    start from has the others from itself, whatever the recipe says."""

    def name_folder(self) -> str:
        """Return a name for the folder of a run of this recipe, such as `reviews-pooled-bilstm`.

        It begins with the name of the data: a file's or folder's without suffix, or the last part of a Hub id.
        """
        names = [part.partition(".")[0] or part for part in re.split(r"[/\\]", self.data.dataset)]
        slugs = [re.sub(r"\W+", "-", name.lower()).strip("-") for name in names]
        data = next((slug for slug in reversed(slugs) if slug), "data")
        return f"{data[:MAX_DATA_CHARACTERS]}-{self.name}"

    def to_json(self) -> dict[str, Any]:
        """Convert the recipe to the JSON object of recipe.json.

        With a model to start from, it has under `given` what somebody has set in the place of that model's own.
        """
        value = dataclasses.asdict(self)
        del value["given"]
        if isinstance(self.model, ModelConfig):
            value["model"] = self.model.to_json()
        return {**value, "given": given} if (given := self._list_given()) else value

    def _list_given(self) -> dict[str, Any]:
        """List what somebody has set of what a model to start from leaves open; nothing without such a model."""
        names = [name for name in NO_WEIGHT_DEPENDS_ON if f"model.{name}" in self.given and self.train.base_model]
        return {f"model.{name}": getattr(self.model, name) for name in names}

    def settings_to_json(self) -> dict[str, Any]:
        """Convert the settings alone to JSON, by section: the name and description of a recipe change no run."""
        value = self.to_json()
        settings = {section: value[section] for section in SECTIONS}
        return settings if self.train.base_model is None else {**settings, "given": self._list_given()}

    def asked_to_json(self) -> dict[str, Any]:
        """Convert the name and the settings to JSON, to be compared with those of a finished run."""
        return {"name": self.name, **self.settings_to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str) -> "Recipe":
        """Read a recipe from the JSON object of recipe.json.

        Missing sections have their defaults.

        Args:
            value: what the file holds.
            where: the file's name, for error messages.

        Raises:
            InputError: no run writes such a recipe.
        """
        try:
            sections = {name: dict(value[name]) for name in SECTIONS if name in value}
            model: type[ModelSettings] = ModelConfig if "vocab_size" in sections.get("model", ()) else ModelSettings
            kinds = {"data": DataConfig, "tokenizer": TokenizerConfig, "model": model, "train": TrainConfig}
            built: dict[str, Any] = {name: kinds[name](**settings) for name, settings in sections.items()}
            built |= {name: str(value[name]) for name in ("name", "description", "source")}
            built["given"] = tuple(dict(value.get("given", {})))
            built["published"] = {str(name): float(figure) for name, figure in value.get("published", {}).items()}
            return cls(**built)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            shown = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{where}: {shown}; expected what a run of hf_lstm writes") from None
