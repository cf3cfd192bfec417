"""Describes the network: its settings in a recipe, and the complete config beside the weights."""

import dataclasses
from collections.abc import Iterable
from typing import Literal

from hf_lstm.config.checks import check_types, require

MAX_VOCAB_SIZE, MAX_UNITS, MAX_NUM_LAYERS, MAX_LENGTH = 2**24, 2**15, 64, 2**31 - 1
"""Beyond any LSTM ever published: a damaged config is refused before it reaches the memory allocator."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings:
    """The network as a recipe describes it, before the data say how many words and which labels there are."""

    embedding_dim: int = 100
    hidden_size: int = 256
    """Units of each direction."""
    num_layers: int = 1
    bidirectional: bool = False
    """Also read each text from its end to its start."""
    dropout: float = 0.0
    """Applied to the embedding, between layers and before the classifier, while training."""
    embedding_dropout: float | None = None
    """On the embedding, instead of `dropout`."""
    output_dropout: float | None = None
    """Before the classifier, instead of `dropout`."""
    word_dropout: float = 0.0
    """Share of the tokens that become `<unk>`, drawn anew each time, while training."""
    pooling: Literal["last", "mean", "max", "mean_max", "attention"] = "last"
    """What the classifier sees of each direction: its state after the last token it reads, or its states pooled over
    the real tokens; `attention` learns which of them count."""
    head_norm: bool = False
    """Normalize the features (LayerNorm) before the classifier."""
    single_bias: bool = False
    """One bias for each gate, as in Keras; PyTorch's LSTM learns two and adds them up."""
    single_logit: bool = False
    """With two labels, learn one logit z and answer logits (0, z), whose softmax is the sigmoid of z."""
    initialization: Literal["torch", "xavier_orthogonal", "open_forget_gate", "keras"] = "torch"
    """`xavier_orthogonal`: Xavier-normal embedding and classifier, orthogonal LSTM weights, zero biases.
    `open_forget_gate`: orthogonal recurrent weights and a forget-gate bias of 1, so that at first the state is kept
    over tens of tokens rather than one or two.
    `keras`: the defaults of Keras 3: that forget gate, uniform embedding, Glorot-uniform input weights, zero biases."""
    max_length_tokens: int = 256
    """Longer texts are cut."""
    truncation: Literal["first", "last", "head_tail"] = "first"
    """Which tokens of a longer text are kept: the first, the last, or the first and the last halves of the limit."""
    max_length_characters: int = 100_000
    """Longer texts are cut before they are tokenized, so that a huge input costs little."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Of the saved weights; they are computed with in float32 or bfloat16, see `predict`."""

    def __post_init__(self) -> None:
        check_types(self, "model")
        maxima = {
            "embedding_dim": MAX_UNITS,
            "hidden_size": MAX_UNITS,
            "num_layers": MAX_NUM_LAYERS,
            "max_length_tokens": MAX_LENGTH,
            "max_length_characters": MAX_LENGTH,
        }
        for name, maximum in maxima.items():
            require(1 <= getattr(self, name) <= maximum, f"model.{name}", getattr(self, name), f"1 to {maximum}")
        for name in ("dropout", "embedding_dropout", "output_dropout", "word_dropout"):
            require(0 <= (getattr(self, name) or 0) < 1, f"model.{name}", getattr(self, name), "0 <= x < 1")

    @property
    def num_directions(self) -> int:
        """2 where each text is also read from its end, else 1."""
        return 2 if self.bidirectional else 1

    def resolve(
        self, *, vocab_size: int, label_names: Iterable[str], pad_token_id: int = 0, unk_token_id: int = 1
    ) -> "ModelConfig":
        """Return the config with what only the data can tell: the vocabulary's size, its special ids and the labels.

        `single_logit` is dropped where there are more than two labels. The temperature is 1 until it is fitted.
        """
        settings = {field.name: getattr(self, field.name) for field in dataclasses.fields(ModelSettings)}
        id2label = dict(enumerate(label_names))
        return ModelConfig(
            **{**settings, "single_logit": self.single_logit and len(id2label) == 2},
            vocab_size=vocab_size,
            pad_token_id=pad_token_id,
            unk_token_id=unk_token_id,
            id2label=id2label,
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig(ModelSettings):
    """The network, and all that inference must know; saved as `config.json` beside the weights."""

    vocab_size: int
    """Rows of the embedding."""
    id2label: dict[int, str]
    """Label names by class index."""
    pad_token_id: int = 0
    unk_token_id: int = 1
    temperature: float = 1.0
    """Logits are divided by it before they become probabilities; fitted on validation at the end of training."""

    def __post_init__(self) -> None:
        ModelSettings.__post_init__(self)  # `super()` does not know a class with slots, which is made anew
        require(self.temperature > 0, "model.temperature", self.temperature, "> 0")
        require(2 <= self.vocab_size <= MAX_VOCAB_SIZE, "model.vocab_size", self.vocab_size, f"2 to {MAX_VOCAB_SIZE}")
        for name in ("pad_token_id", "unk_token_id"):
            ids = f"an id below the vocab_size of {self.vocab_size}"
            require(0 <= getattr(self, name) < self.vocab_size, f"model.{name}", getattr(self, name), ids)
        names = list(self.id2label.values())
        require(all(type(name) is str for name in names), "model.id2label", self.id2label, "names of labels")
        id2label = {int(index): label for index, label in self.id2label.items()}  # JSON keys are strings
        object.__setattr__(self, "id2label", id2label)
        is_numbered = len(id2label) >= 2 and sorted(id2label) == list(range(len(id2label)))
        require(is_numbered, "model.id2label", id2label, "at least two labels, numbered from 0")
        require(len(set(names)) == len(names), "model.id2label", id2label, "labels that differ")
        require(not self.single_logit or len(names) == 2, "model.single_logit", True, "two labels")

    @property
    def num_labels(self) -> int:
        """Number of classes."""
        return len(self.id2label)

    @property
    def label_names(self) -> list[str]:
        """The names of the labels, in the order of their ids."""
        return [self.id2label[index] for index in range(self.num_labels)]
