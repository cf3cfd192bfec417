"""LSTM text classification as a first-class Hugging Face package."""

from typing import TYPE_CHECKING

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    from hf_lstm.model.classifier import LSTMSentiment

__all__ = ["InputError", "LSTMSentiment", "ModelConfig"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # PyTorch takes seconds to import; command lines answer `--help` and wrong arguments before they need it.
    if name == "LSTMSentiment":
        from hf_lstm.model.classifier import LSTMSentiment

        return LSTMSentiment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
