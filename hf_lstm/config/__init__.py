"""Describes a run: its settings, and the recipes made of them."""

from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import ModelConfig, ModelSettings
from hf_lstm.config.recipe import Recipe
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.config.train import TrainConfig

__all__ = ["DataConfig", "ModelConfig", "ModelSettings", "Recipe", "TokenizerConfig", "TrainConfig"]
