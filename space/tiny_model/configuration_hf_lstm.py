"""Reads the config of an LSTM classifier of hf_lstm, for transformers."""

from typing import Any

from transformers import PretrainedConfig


class HFLSTMConfig(PretrainedConfig):
    """Describes an LSTM classifier; `hf_lstm.ModelConfig` says what its fields mean.

    Weights are computed with in float32, whatever they are saved in.
    """

    model_type = "hf_lstm"

    def __init__(
        self,
        *,
        vocab_size: int = 2,
        embedding_dim: int = 100,
        words_per_step: int = 1,
        hidden_size: int = 256,
        num_layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last",
        head_norm: bool = False,
        single_bias: bool = False,
        single_logit: bool = False,
        max_length_tokens: int = 256,
        truncation: str = "first",
        pad_token_id: int = 0,
        unk_token_id: int = 1,
        temperature: float = 1.0,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.embedding_dim = embedding_dim
        self.words_per_step = words_per_step
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.head_norm = head_norm
        self.single_bias = single_bias
        self.single_logit = single_logit
        self.max_length_tokens = max_length_tokens
        self.truncation = truncation
        self.unk_token_id = unk_token_id
        self.calibration_temperature = temperature
        kwargs.pop("dtype", None)
        super().__init__(pad_token_id=pad_token_id, dtype="float32", **kwargs)
