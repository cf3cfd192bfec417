"""Joins network and tokenizer in one model, which answers texts.

Its methods encode, predict and explain; the work is done elsewhere.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from typing import Any, Literal, overload

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.encoding.text_rows import iterate_rows
from hf_lstm.errors import InputError, abbreviate
from hf_lstm.model.explaining.explanation import Explanation, explain_text
from hf_lstm.model.labels import check_top_k, name_labels, rank_labels
from hf_lstm.model.prediction import embed_texts, predict_probabilities
from hf_lstm.nn.network import LSTMNetwork


class TextClassifier(LSTMNetwork):
    """Classifies texts with an LSTM and its tokenizer.

    Args:
        config: the network and its labels.
        tokenizer: turns text into ids; needed for texts, not by the forward pass.
    """

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer | None = None) -> None:
        super().__init__(config)
        self.tokenizer = tokenizer
        self._encoder: tuple[Tokenizer, ModelConfig, Encoder] | None = None

    @property
    def encoder(self) -> Encoder:
        """Return the tokenizer's fast form.

        It is made once for each tokenizer and config of the model.

        Raises:
            InputError: the model has no tokenizer.
        """
        tokenizer = self.require_tokenizer()
        if self._encoder is None or self._encoder[0] is not tokenizer or self._encoder[1] is not self.config:
            self._encoder = (tokenizer, self.config, Encoder(tokenizer, self.config))
        return self._encoder[2]

    @property
    def labels(self) -> list[str]:
        """Return the names of the labels, in the order of the columns of `predict_proba`."""
        return self.config.label_names

    def __repr__(self) -> str:
        """Describe the model in one line; `print(model.lstm)` shows a module of it."""
        config = self.config
        directions = f"{config.num_directions}x" if config.bidirectional else ""
        layers = f"{config.num_layers} layers of " if config.num_layers > 1 else ""
        return (
            f"{type(self).__name__}({len(self.labels)} labels: {abbreviate(self.labels)}; "
            f"{config.vocab_size:,} words, {layers}{directions}{config.hidden_size} units, {config.pooling} pooling; "
            f"{self.num_parameters:,} parameters on {self.device})"
        )

    def require_tokenizer(self) -> Tokenizer:
        """Return the tokenizer.

        Raises:
            InputError: the model has none.
        """
        if self.tokenizer is None:
            raise InputError("the model has no tokenizer; build it as LSTMSentiment(config, tokenizer)")
        return self.tokenizer

    @overload
    def encode(self, texts: str) -> NDArray[np.int32]: ...  # type: ignore[overload-overlap]  # as in `predict`

    @overload
    def encode(self, texts: Iterable[str]) -> EncodedTexts: ...

    def encode(self, texts: str | Iterable[str]) -> NDArray[np.int32] | EncodedTexts:
        """Encode texts into the model's token ids.

        One text gives int32 (num_tokens,). Of more, `encode(texts)[i]` is that. Texts are cut as `config` says. One
        without words is the single token `<unk>`.

        Raises:
            InputError: a row is not a string; its row is named.
        """
        if isinstance(texts, str):
            return self.encoder.encode([texts])[0]
        return self.encoder.encode(list(iterate_rows(texts)))

    def embed(self, texts: str | Iterable[str], *, precision: str = "auto") -> torch.Tensor:
        """Compute the features of each text: what the LSTM makes of it, and the classifier gets.

        They are good for search, clusters, and classifiers of other labels.

        Args:
            texts: one text, or any iterable of them.
            precision: as in `predict`; the features are float32 in any case.

        Returns:
            float32 (num_texts, num_features) on the CPU, in the order given; `.numpy()` gives an array without a copy.
            There are `hidden_size` features for each direction and each part of the pooling, of which `mean_max` has
            two.

        Raises:
            InputError: a row is not a string; its row is named.
            NonFiniteError: the model computes values that are not finite.
        """
        return embed_texts(self, self.encoder, [texts] if isinstance(texts, str) else texts, precision=precision)

    @overload
    def predict(  # type: ignore[overload-overlap]  # a string is an iterable of strings too; it comes first
        self,
        texts: str,
        *,
        top_k: Literal[""] = ...,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> dict[str, Any]: ...

    @overload
    def predict(
        self,
        texts: Iterable[str],
        *,
        top_k: Literal[""] = ...,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> list[dict[str, Any]]: ...

    @overload
    def predict(  # type: ignore[overload-overlap]
        self,
        texts: str,
        *,
        top_k: int | None,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> list[dict[str, Any]]: ...

    @overload
    def predict(
        self,
        texts: Iterable[str],
        *,
        top_k: int | None,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> list[list[dict[str, Any]]]: ...

    def predict(
        self,
        texts: str | Iterable[str],
        *,
        top_k: int | Literal[""] | None = "",
        batch_size: int | None = None,
        precision: str = "auto",
        show_progress: bool | None = None,
    ) -> dict[str, Any] | list[dict[str, Any]] | list[list[dict[str, Any]]]:
        """Predict the label of each text, with its probability, in the order given.

        A text with no known word (empty, blank, other script) is scored all the same: as the single token `<unk>`, or
        as one `<unk>` for each of its words.

        Where a text may have any number of labels, its answer is a list: those whose probability reaches their
        threshold, the most probable first. It is empty if the text has none of them.

        Args:
            texts: one text, which gives one dict, or any iterable of them, which gives a list.
            top_k: how many labels, the most probable first, as a list for each text; None for all. It is the argument
                of that name of a pipeline of `transformers`, which answers alike. Without it, a text has one dict, or a
                list of the labels that it has.
            batch_size: texts per batch; by default batches hold about equally many tokens.
            precision: `float32`, `bfloat16`, or `auto` for what `devices.resolve_precision` says of this model.
            show_progress: show a progress bar; by default of long lists, on terminals and in notebooks.

        Raises:
            InputError: a row is not a string, and its row is named; or `top_k` is no number of labels.
            NonFiniteError: the model answers values that are not finite.
        """
        if top_k != "":
            check_top_k(top_k)
        probabilities = self.predict_proba(
            texts, batch_size=batch_size, precision=precision, show_progress=show_progress
        )
        if top_k == "":
            answers = name_labels(probabilities, self.config)
            return answers[0] if isinstance(texts, str) else answers
        ranked = rank_labels(probabilities, self.labels, top_k)
        return ranked[0] if isinstance(texts, str) else ranked

    def predict_proba(
        self,
        texts: str | Iterable[str],
        *,
        batch_size: int | None = None,
        precision: str = "auto",
        show_progress: bool | None = None,
    ) -> torch.Tensor:
        """Compute the probabilities of all labels for each text.

        The arguments, and what is raised, are those of `predict`.

        Returns:
            float32 (num_texts, num_labels) on the CPU. Rows sum to 1, unless a text may have any number of labels.
        """
        return predict_probabilities(
            self,
            self.encoder,
            [texts] if isinstance(texts, str) else texts,
            batch_size=batch_size,
            precision=precision,
            show_progress=show_progress,
        )

    def explain(self, text: str, *, label: str | int | None = None) -> Explanation:
        """Explain an answer by the contribution of each word.

        With two labels, contributions add up to the logit of label 1 less that of label 0, so that a positive one
        speaks for label 1. With more, or where a `label` is asked for, they add up to that label's logit less the mean
        of the others; by default it is the predicted label. Where a text may have any number of labels, they add up to
        the label's logit alone; by default it is the first one that `predict` gives, or if that is none, the most
        probable one. What belongs to no word, such as biases, is spread evenly. See `explanation.py` for the method.

        Args:
            text: one text.
            label: the name or id of the label to explain.

        Returns:
            `{"word", "start", "end", "contribution"}` of each word, in the order of the text, with
            `text[start:end] == word`. It is a list, which notebooks show as the text in colors. Words beyond the
            model's longest text, which it does not read, are left out; unknown words are not. A text without words
            gives an empty list.

        Raises:
            InputError: `text` is not a string, or there is no such label.
        """
        return explain_text(self, self.encoder, text, label)


def digest_model(model: TextClassifier) -> str:
    """Return the SHA-256 of all that a model's answers depend on."""
    digest = hashlib.sha256(json.dumps(dataclasses.asdict(model.config), sort_keys=True).encode())
    digest.update(model.require_tokenizer().to_str().encode())
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
