"""Classifies texts with LSTMs, as a first-class Hugging Face package."""

import importlib
from typing import TYPE_CHECKING

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError
from hf_lstm.extras import explain_missing_library
from hf_lstm.runtime.garbage import pausing_collection
from hf_lstm.shipped import FLAGSHIP, FLAGSHIP_TINY

if TYPE_CHECKING:
    from hf_lstm.evaluation.evaluate import evaluate
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.searching.from_python import SearchResult
    from hf_lstm.searching.from_python import search_from_python as search
    from hf_lstm.training.from_python import TrainingResult
    from hf_lstm.training.from_python import train_from_python as train

__all__ = [
    "FLAGSHIP",
    "FLAGSHIP_TINY",
    "InputError",
    "LSTMSentiment",
    "ModelConfig",
    "SearchResult",
    "TrainingResult",
    "evaluate",
    "search",
    "train",
]
__version__ = "0.1.0"

_PLACES = {
    "LSTMSentiment": ("hf_lstm.model.classifier", "LSTMSentiment"),
    "SearchResult": ("hf_lstm.searching.from_python", "SearchResult"),
    "TrainingResult": ("hf_lstm.training.from_python", "TrainingResult"),
    "evaluate": ("hf_lstm.evaluation.evaluate", "evaluate"),
    "search": ("hf_lstm.searching.from_python", "search_from_python"),
    "train": ("hf_lstm.training.from_python", "train_from_python"),
}
"""Modules and names of the rest, imported on first use: PyTorch takes seconds, and inference needs no training."""


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    try:
        with pausing_collection():
            return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise explain_missing_library(error) or error from None
