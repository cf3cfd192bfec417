"""Defines the contenders' tasks: random models, and training."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarking.reviews import LabeledReviews
from hf_lstm.config import ModelConfig, ModelSettings, TrainConfig

if TYPE_CHECKING:
    from hf_lstm.model.classifier import LSTMSentiment


@dataclass(frozen=True, kw_only=True)
class TrainingTask:
    """Defines a model to train, and its data.

    It is the same for every contender.
    """

    reviews: LabeledReviews
    tokenizer_json: str
    find_words: Callable[[str], list[str]]
    """Finds the tokenizer's words, as a straightforward loop does."""
    model: ModelConfig
    """With vocabulary size and labels; of one layer."""
    train: TrainConfig


USEFUL_OPERATIONS = "8 (embedding dim + hidden size) hidden size per real token and direction; thrice that in training"


def count_useful_gflop(config: ModelSettings, num_tokens: int) -> float:
    """Count the useful operations of one LSTM layer, in billions.

    They are those of its matrix products over `num_tokens` real tokens, forward. A multiplication and an addition count
    as two; padding, embedding, gates and classifier are not counted. Training takes three times as many. Where a step
    reads several words, the product with the states is made once for them.
    """
    assert config.num_layers == 1
    per_token = config.embedding_dim + config.hidden_size / config.words_per_step
    return 2 * per_token * 4 * config.hidden_size * config.num_directions * num_tokens / 1e9


@dataclass(frozen=True, kw_only=True)
class RandomModel:
    """Defines a model with random weights.

    They are as fast as trained ones.
    """

    config: ModelConfig
    """With vocabulary size and labels."""
    tokenizer_json: str

    def build(self) -> "LSTMSentiment":
        """Build the model, with the same weights every time."""
        import torch
        from tokenizers import Tokenizer

        from hf_lstm.model.classifier import LSTMSentiment

        torch.manual_seed(0)
        return LSTMSentiment(self.config, Tokenizer.from_str(self.tokenizer_json)).eval()
