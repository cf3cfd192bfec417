"""Computes logits from token ids: embedding, exact LSTM, pooling, classifier."""

import itertools
from typing import TypeVar

import torch
from torch import Tensor, nn

from hf_lstm.config import ModelConfig
from hf_lstm.config.model import NetworkConfig
from hf_lstm.nn.dropout import DirectionDropout, Dropout, build_embedding_dropout
from hf_lstm.nn.initialization import initialize
from hf_lstm.nn.pooling import Pooling
from hf_lstm.nn.problem import Problem, get_problem
from hf_lstm.nn.ragged_lstm import RaggedLSTM
from hf_lstm.nn.random_numbers import get_generator
from hf_lstm.nn.steps import count_steps, fill_last_steps, fill_steps, join_words

M = TypeVar("M", bound=nn.Module)


class LSTMNetwork(nn.Module):
    """Runs an LSTM over token ids, with a classifier on top.

    Args:
        config: the network.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_dim, padding_idx=config.pad_token_id)
        self.embedding_dropout = build_embedding_dropout(config)
        self.lstm = build_lstm(config)
        self.pooling = Pooling(config.pooling, config.hidden_size, num_directions=self.lstm.num_directions)
        self.direction_dropout = DirectionDropout(config.direction_dropout, config.hidden_size)
        self.output_dropout = Dropout(config.dropout if config.output_dropout is None else config.output_dropout)
        num_features = self.pooling.num_features
        self.head_norm = nn.LayerNorm(num_features) if config.head_norm else nn.Identity()
        self.classifier = nn.Linear(num_features, 1 if config.single_logit else config.num_labels)
        if not self.embedding.weight.is_meta:
            self.reset_parameters()

    @property
    def problem(self) -> Problem:
        """Return what the logits mean."""
        return get_problem(self.config)

    @property
    def device(self) -> torch.device:
        """Return the device of the weights."""
        return next(itertools.chain(self.parameters(), self.buffers())).device

    @property
    def dtype(self) -> torch.dtype:
        """Return the number format of the embedding, in which the LSTM computes unless autocast says another."""
        weight = getattr(self.embedding, "weight", None)  # a wrapper may have none
        return weight.dtype if isinstance(weight, Tensor) else torch.float32

    def view_in_evaluation_mode(self, *, word_dtype: torch.dtype | None = None) -> "LSTMNetwork":
        """Return the network in evaluation mode, without a change to this one, which others may be training.

        The weights are shared, but for the word vectors if these are cast. It is a network of its own even if this one
        is in evaluation mode: others may set the mode at any moment, also while this view computes.

        Args:
            word_dtype: to cast the word vectors to: once, where autocast would do so in each batch.
        """
        casts = word_dtype not in (None, self.dtype) and _computes_as(self.embedding, nn.Embedding)
        view = _copy_modules(self)
        if casts:
            with torch.no_grad():
                cast = self.embedding.weight.to(word_dtype)
            view.embedding._parameters = {"weight": nn.Parameter(cast, requires_grad=False)}
        return view

    @property
    def num_parameters(self) -> int:
        """Count the weights, trained or not."""
        return sum(parameter.numel() for parameter in self.parameters())

    def reset_parameters(self) -> None:
        """Draw all weights anew, as `config.initialization` says.

        They come from the global random state.
        """
        for module in (self.embedding, self.lstm, self.pooling, self.classifier):
            module.reset_parameters()
        if isinstance(self.head_norm, nn.LayerNorm):
            self.head_norm.reset_parameters()
        initialize(self.embedding, self.lstm, self.classifier, self.config.initialization)
        if self.config.words_per_step > 1:  # it is read, and some initializations draw it
            with torch.no_grad():
                self.embedding.weight[self.config.pad_token_id].zero_()

    def forward(self, input_ids: Tensor, lengths: Tensor) -> Tensor:
        """Compute logits (batch, num_labels), float32.

        Args:
            input_ids: int64 (batch, time), right-padded; what stands at the padding does not matter.
            lengths: int64 (batch,), each from 1 to time; best on the CPU, where they are needed.
        """
        return self.classify(self.output_dropout(self.compute_features(input_ids, lengths)))

    def compute_features(self, input_ids: Tensor, lengths: Tensor) -> Tensor:
        """Compute the features that the classifier gets, (batch, num_features), float32.

        Args are those of `forward`.
        """
        lengths = lengths.to("cpu")
        on_cpu, is_inference = input_ids.device.type == "cpu", not (self.training or torch.is_grad_enabled())
        wanted = self._list_wanted()
        if on_cpu and wanted and is_inference and _computes_as(self.embedding, nn.Embedding):
            num_words = self.config.words_per_step
            if num_words > 1:  # else padding is not read, whatever it is
                input_ids = fill_last_steps(input_ids, lengths, num_words, self.config.pad_token_id)
                input_ids = join_words(input_ids[:, :, None], num_words)
            num_steps = count_steps(lengths, num_words)
            states = self.lstm.summarize(self.embedding.weight, num_steps, wanted, indices=input_ids)
            features = self.pooling.pool_summary(states, num_steps)
        else:
            features = self._pool(self.look_up(input_ids, lengths), lengths)
        return features.float()

    def look_up(self, input_ids: Tensor, lengths: Tensor) -> Tensor:
        """Look up the words' vectors, (batch, time, embedding_dim); in training, some are dropped.

        Args are those of `forward`. The time is filled up with padding to whole steps.
        """
        dropped: Tensor = self.embedding_dropout(self.embedding(self._prepare_ids(input_ids, lengths)))
        return dropped

    def read(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Compute logits (batch, num_labels), float32, from what `look_up` returns, or what is like it."""
        return self.classify(self.output_dropout(self._pool(embedded, lengths.to("cpu")).float()))

    def _pool(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Compute the features of each row, (batch, num_features)."""
        num_words, wanted = self.config.words_per_step, self._list_wanted()
        inputs, num_steps = join_words(embedded, num_words), count_steps(lengths, num_words)
        if inputs.device.type == "cpu" and wanted:
            pooled = self.pooling.pool_summary(self.lstm.summarize(inputs, num_steps, wanted), num_steps)
        else:
            pooled = self.pooling(*self.lstm(inputs, num_steps), num_steps)
        features: Tensor = self.direction_dropout(pooled)
        return features

    def _list_wanted(self) -> frozenset[str]:
        """List the summaries that the pooling takes; none where the LSTM was replaced: that has `forward` alone."""
        return self.pooling.wanted if _computes_as(self.lstm, RaggedLSTM) else frozenset()

    def classify(self, features: Tensor) -> Tensor:
        """Compute logits (batch, num_labels) from features (batch, num_features), both float32."""
        with torch.autocast(features.device.type, enabled=False):  # tiny, and the loss wants its precision
            weight = getattr(self.classifier, "weight", None)  # a method of what is quantized
            dtype = weight.dtype if isinstance(weight, Tensor) else features.dtype
            logits: Tensor = self.classifier(self.head_norm(features.to(dtype))).float()
        if self.config.single_logit:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
        return logits

    def _prepare_ids(self, input_ids: Tensor, lengths: Tensor) -> Tensor:
        """Set padding to the padding id, up to whole steps, and in training some words to `<unk>`."""
        input_ids = fill_steps(input_ids, self.config.words_per_step, self.config.pad_token_id)
        is_padding = torch.arange(input_ids.shape[1], device=input_ids.device) >= lengths.to(input_ids.device)[:, None]
        input_ids = input_ids.masked_fill(is_padding, self.config.pad_token_id)
        if not (self.training and self.config.word_dropout):
            return input_ids
        generator = get_generator() if input_ids.device.type == "cpu" else None
        is_dropped = torch.rand(input_ids.shape, generator=generator, device=input_ids.device)
        is_dropped = is_dropped < self.config.word_dropout
        return input_ids.masked_fill(is_dropped & ~is_padding, self.config.unk_token_id)


def _computes_as(module: nn.Module, kind: type[nn.Module]) -> bool:
    """Return whether a module computes what `kind` does with its weights, and nothing before or after.

    Then its weights may be read past it. Pruning, adapters and wrappers compute them, or add to them, in `forward`.
    """
    has_hooks = bool(module._forward_pre_hooks or module._forward_hooks)
    return isinstance(module, kind) and type(module).forward is kind.forward and not has_hooks


def _copy_modules(module: M) -> M:
    """Copy a tree of modules in evaluation mode, which share weights and all else with it."""
    copied = object.__new__(type(module))
    copied.__dict__.update(module.__dict__, training=False)
    children = {name: child and _copy_modules(child) for name, child in module._modules.items()}
    copied.__dict__["_modules"] = children
    return copied


def build_lstm(config: NetworkConfig) -> RaggedLSTM:
    """Build the LSTM of a network's settings."""
    return RaggedLSTM(
        config.words_per_step * config.embedding_dim,
        config.hidden_size,
        config.num_layers,
        bidirectional=config.bidirectional,
        dropout=config.dropout if config.num_layers > 1 else 0.0,
        single_bias=config.single_bias,
    )
