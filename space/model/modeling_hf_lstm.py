"""Computes the logits of an LSTM classifier of hf_lstm, for transformers."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import PreTrainedModel, TextClassificationPipeline
from transformers.modeling_outputs import SequenceClassifierOutput

from .configuration_hf_lstm import HFLSTMConfig


class HFLSTMPooling(nn.Module):
    """Pools the states of each row's real tokens into features."""

    def __init__(self, config: HFLSTMConfig, num_states: int) -> None:
        super().__init__()
        self.kind = config.pooling
        self.num_features = num_states * len(config.pooling.split("_"))
        if config.pooling == "attention":
            self.projection = nn.Linear(num_states, config.hidden_size)
            self.query = nn.Linear(config.hidden_size, 1, bias=False)

    def forward(self, outputs: Tensor, last_states: Tensor, lengths: Tensor) -> Tensor:
        """Pool outputs (batch, time, states) into features (batch, num_features)."""
        is_padding = (torch.arange(outputs.shape[1], device=outputs.device) >= lengths[:, None])[:, :, None]
        if self.kind == "attention":
            scores = self.query(torch.tanh(self.projection(outputs)))
            return (scores.masked_fill(is_padding, -torch.inf).softmax(dim=1) * outputs).sum(dim=1)
        pooled = [last_states] if "last" in self.kind else []
        if "mean" in self.kind:
            pooled.append(outputs.masked_fill(is_padding, 0.0).sum(dim=1) / lengths[:, None])
        if "max" in self.kind:
            pooled.append(outputs.masked_fill(is_padding, -torch.inf).amax(dim=1))
        return torch.cat(pooled, dim=1)


class HFLSTMForSequenceClassification(PreTrainedModel):
    """Classifies token ids with an LSTM."""

    config_class = HFLSTMConfig

    def __init__(self, config: HFLSTMConfig) -> None:
        super().__init__(config)
        num_states = config.hidden_size * (2 if config.bidirectional else 1)
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_dim, padding_idx=config.pad_token_id)
        self.lstm = nn.LSTM(
            config.words_per_step * config.embedding_dim,
            config.hidden_size,
            config.num_layers,
            bidirectional=config.bidirectional,
            batch_first=True,
        )
        self.pooling = HFLSTMPooling(config, num_states)
        num_features = self.pooling.num_features
        self.head_norm = nn.LayerNorm(num_features) if config.head_norm else nn.Identity()
        self.classifier = nn.Linear(num_features, 1 if config.single_logit else config.num_labels)
        self.post_init()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, labels: Tensor | None = None, **kwargs: Any
    ) -> SequenceClassifierOutput:
        """Compute logits (batch, num_labels), and with `labels` the mean cross-entropy.

        They are class ids (batch,), or (batch, num_labels) of 0 and 1 where a text may have any number of labels.

        Rows of `input_ids` (batch, time) are padded on either side, and cut as the config says. One without tokens is
        the single token `<unk>`.
        """
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        rows = [self._cut(ids[is_token.bool()].long()) for ids, is_token in zip(input_ids, mask, strict=True)]
        num_words, padding = self.config.words_per_step, self.config.pad_token_id
        lengths = torch.tensor([-(-len(row) // num_words) for row in rows])  # in steps
        padded = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=padding)
        padded = nn.functional.pad(padded, (0, -padded.shape[1] % num_words), value=padding)
        joined = self.embedding(padded).unflatten(1, (-1, num_words)).flatten(2)
        packed = nn.utils.rnn.pack_padded_sequence(joined, lengths, batch_first=True, enforce_sorted=False)
        outputs, (states, _) = self.lstm(packed)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
        last_states = torch.cat(list(states[-2 if self.config.bidirectional else -1 :]), dim=1)
        logits = self.classifier(self.head_norm(self.pooling(outputs, last_states, lengths.to(outputs.device))))
        if self.config.single_logit:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
        loss = None
        if labels is not None and self.config.problem_type == "multi_label_classification":
            loss = binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        elif labels is not None:
            loss = cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def _cut(self, ids: Tensor) -> Tensor:
        limit, kind = self.config.max_length_tokens, self.config.truncation
        if len(ids) == 0:
            return ids.new_full((1,), self.config.unk_token_id)
        num_last = {"first": 0, "last": limit, "head_tail": limit // 2}[kind]
        if len(ids) <= limit:
            return ids
        return torch.cat([ids[: limit - num_last], ids[len(ids) - num_last :]])


class HFLSTMTextClassificationPipeline(TextClassificationPipeline):
    """Classifies texts, with the probabilities that `hf_lstm` gives: those of the calibrated logits."""

    def check_model_type(self, supported_models: Any) -> None:
        """Check the class of any other model."""
        if not isinstance(self.model, HFLSTMForSequenceClassification):
            super().check_model_type(supported_models)

    def postprocess(self, model_outputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Divide the logits by the model's temperature, and go on as for any model."""
        temperature = getattr(self.model.config, "calibration_temperature", 1.0)
        return super().postprocess({**model_outputs, "logits": model_outputs["logits"] / temperature}, *args, **kwargs)
