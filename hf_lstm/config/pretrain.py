"""Defines the settings of language models, and their recipes."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from hf_lstm.config.checks import check_types, require, suggest_names
from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import ModelSettings
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.errors import InputError

LANGUAGE_MODEL_TYPE = "hf_lstm_language_model"
"""What config.json of a language model has as `model_type`."""


SET_BY_LANGUAGE_MODEL = (
    "embedding_dim", "words_per_step", "hidden_size", "num_layers", "bidirectional", "single_bias",
)  # fmt: skip
"""The settings of `model` that a classifier has from the language model that it starts from."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PretrainConfig:
    """Sets how a language model is learned."""

    num_epochs: int = 8
    """Passes over the texts."""
    batch_size: int = 32
    """Pieces of texts that go through the network together."""
    num_candidates: int = 1_536
    """Words drawn anew in each step, to stand for the whole vocabulary in the softmax."""
    candidate_power: float = 0.75
    """Words are drawn by this power of how often they occur, 0 to 1."""
    learning_rate: float = 2e-3
    """Size of the optimizer's steps (Adam). It falls to 0 over all steps."""
    warmup_steps: int = 300
    """First steps, over which the learning rate rises from 0."""
    max_grad_norm: float = 1.0
    """Gradients of all weights but the embedding are scaled down to this L2 norm if theirs is larger."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format to compute in. `auto` means bfloat16 if the device has it in hardware, else float32."""
    cuda_graphs: bool = False
    """On a CUDA device, launch all time steps of a pass at once, which is about twice as fast. For one LSTM
    layer in bfloat16; others train as without."""
    unlabeled: str | None = "auto"
    """Texts to read besides those of train: a file, or a split of the data set. `auto` takes a split called
    `unsupervised` or `unlabeled`, if there is one."""
    seed: int = 0
    """Seed of the first weights, the order of the texts, the words drawn, and dropout."""

    def __post_init__(self) -> None:
        check_types(self, "pretrain")
        for name in ("num_epochs", "batch_size", "num_candidates"):
            require(getattr(self, name) >= 1, f"pretrain.{name}", getattr(self, name), ">= 1")
        for name in ("learning_rate", "max_grad_norm"):
            require(getattr(self, name) > 0, f"pretrain.{name}", getattr(self, name), "> 0")
        require(self.warmup_steps >= 0, "pretrain.warmup_steps", self.warmup_steps, ">= 0")
        require(0 <= self.candidate_power <= 1, "pretrain.candidate_power", self.candidate_power, "0 to 1")
        require(0 <= self.seed < 2**32, "pretrain.seed", self.seed, "0 <= x < 2**32")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PretrainRecipe:
    """Describes a language model completely: data, tokenizer, network and how it is learned."""

    name: str
    description: str
    """One line for `--help`."""
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = dataclasses.field(default_factory=TokenizerConfig)
    model: ModelSettings = dataclasses.field(default_factory=ModelSettings)
    """The network of the classifiers that start from it. The language model has its embedding and LSTM."""
    pretrain: PretrainConfig = dataclasses.field(default_factory=PretrainConfig)

    def __post_init__(self) -> None:
        expected = "1: a language model predicts each word from the one before it"
        require(self.model.words_per_step == 1, "model.words_per_step", self.model.words_per_step, expected)

    def to_json(self) -> dict[str, Any]:
        """Convert the recipe to the JSON object of recipe.json."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str) -> "PretrainRecipe":
        """Read a recipe from the JSON object of recipe.json.

        Args:
            value: what the file holds.
            where: the file's name, for error messages.

        Raises:
            InputError: no run writes such a recipe.
        """
        kinds = {"data": DataConfig, "tokenizer": TokenizerConfig, "model": ModelSettings, "pretrain": PretrainConfig}
        try:
            sections: dict[str, Any] = {name: kind(**value[name]) for name, kind in kinds.items()}
            return cls(name=str(value["name"]), description=str(value["description"]), **sections)
        except (KeyError, TypeError, ValueError) as error:
            shown = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{where}: {shown}; expected what a run of hf_lstm writes") from None


LM = PretrainRecipe(
    name="lm",  # results/lm.json has the time
    description="both directions, 512 units each: 8 passes, of 40 minutes for 20 million words on 2 cores with AMX",
    tokenizer=TokenizerConfig(words="punctuated", max_words=29_998),
    model=ModelSettings(
        embedding_dim=256,
        hidden_size=512,
        bidirectional=True,
        pooling="mean_max",
        dropout=0.0,
        embedding_dropout=0.5,
        max_length_tokens=400,
        truncation="head_tail",
    ),
)
LM_SMALL = PretrainRecipe(
    name="lm-small",
    description="both directions, 128 units each: a fifth of the time",
    tokenizer=TokenizerConfig(words="punctuated", max_words=19_998),
    model=dataclasses.replace(LM.model, embedding_dim=128, hidden_size=128, embedding_dropout=0.3),
)

PRETRAIN_RECIPES: Mapping[str, PretrainRecipe] = {recipe.name: recipe for recipe in (LM, LM_SMALL)}


def get_pretrain_recipe(name: str) -> PretrainRecipe:
    """Return the recipe of a language model called `name`.

    Raises:
        InputError: there is none; the message suggests similar names.
    """
    if name not in PRETRAIN_RECIPES:
        raise InputError(f"there is no recipe {name!r} of a language model; {suggest_names(name, PRETRAIN_RECIPES)}")
    return PRETRAIN_RECIPES[name]
