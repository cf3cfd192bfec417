"""Defines the settings of the network, and the config saved with its weights."""

import dataclasses
from collections.abc import Iterable
from typing import Any, Literal

from hf_lstm.config.checks import check_types, require

MAX_VOCAB_SIZE, MAX_UNITS, MAX_NUM_LAYERS, MAX_LENGTH, MAX_WORDS_PER_STEP = 2**24, 2**15, 64, 2**31 - 1, 16
"""Far above any published LSTM. They stop a damaged config before it asks for too much memory."""
MAX_LABELS, MAX_LABEL_CHARACTERS = 100_000, 1_000
ProblemType = Literal["single_label_classification", "multi_label_classification"]
"""What transformers calls these kinds of problems: each text has one label, or any number of them."""
SINGLE_LABEL: ProblemType = "single_label_classification"
MULTI_LABEL: ProblemType = "multi_label_classification"
SET_BY_DATA = ("id2label", "problem_type", "thresholds")
"""Fields of a config that no setting of a recipe chooses."""
NO_WEIGHT_DEPENDS_ON = (
    "max_length_tokens", "truncation", "max_length_characters", "dropout", "embedding_dropout",
    "embedding_dropout_mask", "output_dropout", "direction_dropout", "word_dropout", "dtype",
)  # fmt: skip
"""Settings of how much is read of a text, of dropout, and of how weights are saved. Who fine-tunes a model may set
them."""
MIN_TEMPERATURE, MAX_TEMPERATURE = 1e-3, 1e3
"""Beyond them lies no fitted one, and probabilities are all 0 and 1, alike, or not finite."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings:
    """Sets the network, apart from its vocabulary and labels, which the data decide."""

    embedding_dim: int = 100
    """Size of the vector that stands for each word."""
    words_per_step: int = 1
    """Words that the LSTM reads in one step, their vectors side by side. A text has as many times fewer steps, which
    makes small models faster. The last step of a text may lack words; in their place it reads the vector of padding."""
    hidden_size: int = 256
    """Units of each LSTM layer, in each direction."""
    num_layers: int = 1
    """LSTM layers, one above the other."""
    bidirectional: bool = False
    """Read each text from both ends: from its start, and from its end."""
    dropout: float = 0.0
    """Share of the values that are set to 0 in training, against overfitting: in the embedding, between layers, and
    before the classifier."""
    embedding_dropout: float | None = None
    """Dropout of the embedding. `none` takes `dropout`."""
    embedding_dropout_mask: Literal["value", "dimension"] = "value"
    """What dropout of the embedding sets to 0. `value`: single values. `dimension`: dimensions of a whole text, the
    same ones for all its words (variational dropout), which a fine-tuned language model needs."""
    output_dropout: float | None = None
    """Dropout before the classifier. `none` takes `dropout`."""
    direction_dropout: float = 0.0
    """Share of the texts of which, in training, the classifier gets one direction alone, at random. So each learns to
    answer by itself, and a prediction averages the two. Only with `bidirectional`."""
    word_dropout: float = 0.0
    """Share of the tokens that become `<unk>` in training, chosen anew each time."""
    pooling: Literal["last", "mean", "max", "mean_max", "last_mean_max", "attention"] = "last"
    """What the classifier gets of each direction. `last`: the state after the last token read. `mean`, `max`: the mean
    or the maximum of the states over all tokens, without padding. `mean_max`: both. `last_mean_max`: all three.
    `attention`: a mean that learns how much each state counts."""
    head_norm: bool = False
    """Normalize what the classifier gets (LayerNorm)."""
    single_bias: bool = False
    """Learn one bias for each gate of the LSTM, as Keras does. PyTorch learns two and adds them."""
    single_logit: bool = False
    """With two labels, learn only one logit z. The model's logits are (0, z), whose softmax is the sigmoid of z."""
    initialization: Literal["torch", "xavier_orthogonal", "open_forget_gate", "keras"] = "torch"
    """How weights are drawn before training. `torch`: the defaults of PyTorch. `xavier_orthogonal`: Xavier-normal
    embedding and classifier, orthogonal LSTM weights, zero biases. `open_forget_gate`: orthogonal recurrent weights,
    and a forget-gate bias of 1, so that at first the state lasts for tens of tokens instead of one or two. `keras`: the
    defaults of Keras 3, which are the same recurrent weights and forget gate, a uniform embedding, Glorot-uniform input
    weights and classifier, and other biases of zero."""
    max_length_tokens: int = 256
    """Most tokens that are read of a text. Longer texts are cut."""
    truncation: Literal["first", "last", "head_tail"] = "first"
    """Which tokens of a longer text are read. `first`, `last`: those at its start or end. `head_tail`: one half
    from its start, the other from its end."""
    max_length_characters: int = 100_000
    """Most characters that are read of a text. Longer texts are cut before they are tokenized, to save time."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Number format of the saved weights. The model computes in float32 or bfloat16, whatever the format."""

    def __post_init__(self) -> None:
        check_types(self, "model")
        maxima = {
            "embedding_dim": MAX_UNITS,
            "words_per_step": MAX_WORDS_PER_STEP,
            "hidden_size": MAX_UNITS,
            "num_layers": MAX_NUM_LAYERS,
            "max_length_tokens": MAX_LENGTH,
            "max_length_characters": MAX_LENGTH,
        }
        for name, maximum in maxima.items():
            require(1 <= getattr(self, name) <= maximum, f"model.{name}", getattr(self, name), f"1 to {maximum}")
        for name in ("dropout", "embedding_dropout", "output_dropout", "word_dropout"):
            require(0 <= (getattr(self, name) or 0) < 1, f"model.{name}", getattr(self, name), "0 <= x < 1")
        share = self.direction_dropout
        require(0 <= share <= 1, "model.direction_dropout", share, "0 <= x <= 1")
        require(self.bidirectional or share == 0, "model.direction_dropout", share, "0: model.bidirectional is false")

    @property
    def num_directions(self) -> int:
        """Return 2 if texts are read from both ends, else 1."""
        return 2 if self.bidirectional else 1

    def resolve(
        self,
        *,
        vocab_size: int,
        label_names: Iterable[str],
        problem_type: ProblemType = SINGLE_LABEL,
        pad_token_id: int = 0,
        unk_token_id: int = 1,
    ) -> "ModelConfig":
        """Build the complete config, with the vocabulary's size and the labels.

        With more than two labels, or any number of them for a text, `single_logit` becomes false. The temperature is 1
        until it is fitted, and so are thresholds none.
        """
        settings = {field.name: getattr(self, field.name) for field in dataclasses.fields(ModelSettings)}
        id2label = dict(enumerate(label_names))
        return ModelConfig(
            **{**settings, "single_logit": self.single_logit and len(id2label) == 2 and problem_type == SINGLE_LABEL},
            vocab_size=vocab_size,
            pad_token_id=pad_token_id,
            unk_token_id=unk_token_id,
            id2label=id2label,
            problem_type=problem_type,
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkConfig(ModelSettings):
    """Describes embedding and LSTM completely, for classifiers and language models."""

    vocab_size: int
    """Rows of the embedding."""
    pad_token_id: int = 0
    """Token id of padding."""
    unk_token_id: int = 1
    """Token id of words without an id of their own."""

    def __post_init__(self) -> None:
        ModelSettings.__post_init__(self)  # `super()` fails: a dataclass with slots is another class than this
        require(2 <= self.vocab_size <= MAX_VOCAB_SIZE, "model.vocab_size", self.vocab_size, f"2 to {MAX_VOCAB_SIZE}")
        for name in ("pad_token_id", "unk_token_id"):
            ids = f"an id below the vocab_size of {self.vocab_size}"
            require(0 <= getattr(self, name) < self.vocab_size, f"model.{name}", getattr(self, name), ids)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig(NetworkConfig):
    """Describes a complete classifier; saved as `config.json` beside the weights."""

    id2label: dict[int, str]
    """Label names by class id, in the order of the ids."""
    temperature: float = 1.0
    """Logits are divided by it before they become probabilities. It is fitted on validation at the end of training."""
    problem_type: ProblemType = SINGLE_LABEL
    """How many labels a text has: one, or any number of them, none included."""
    thresholds: list[float] | None = None
    """Of any number of labels, the least probability with which a text has each, in the order of the ids. They are
    fitted on validation at the end of training; `none` is 0.5 for each."""

    def __post_init__(self) -> None:
        NetworkConfig.__post_init__(self)
        is_sane = MIN_TEMPERATURE <= self.temperature <= MAX_TEMPERATURE
        require(is_sane, "model.temperature", self.temperature, f"{MIN_TEMPERATURE} to {MAX_TEMPERATURE}")
        names = list(self.id2label.values())
        require(len(names) <= MAX_LABELS, "model.id2label", self.id2label, f"at most {MAX_LABELS:,} labels")
        require(all(map(_is_label, names)), "model.id2label", self.id2label, "names of labels")
        # JSON keys are strings, and may stand in any order, such as that of a text
        id2label = dict(sorted((int(index), label) for index, label in self.id2label.items()))
        object.__setattr__(self, "id2label", id2label)
        is_numbered = len(id2label) >= 2 and sorted(id2label) == list(range(len(id2label)))
        require(is_numbered, "model.id2label", id2label, "at least two labels, numbered from 0")
        require(len(set(names)) == len(names), "model.id2label", id2label, "labels that differ")
        require(not self.single_logit or self.has_opposites, "model.single_logit", True, "two labels, one of each text")
        self._check_thresholds()

    def _check_thresholds(self) -> None:
        if self.thresholds is not None:
            are_shares = all(type(value) in (float, int) and 0 <= value <= 1 for value in self.thresholds)
            fits = self.is_multi_label and are_shares and len(self.thresholds) == self.num_labels
            require(fits, "model.thresholds", self.thresholds, "none, or a probability for each label of several")

    @property
    def num_labels(self) -> int:
        """Return the number of labels."""
        return len(self.id2label)

    @property
    def label_names(self) -> list[str]:
        """Return the names of the labels, in the order of their ids."""
        return [self.id2label[index] for index in range(self.num_labels)]

    @property
    def is_multi_label(self) -> bool:
        """Tell whether a text has any number of labels, and not just one."""
        return self.problem_type == MULTI_LABEL

    @property
    def has_opposites(self) -> bool:
        """Tell whether there are two labels, each of which says that a text has not the other."""
        return self.num_labels == 2 and not self.is_multi_label

    def to_json(self) -> dict[str, Any]:
        """Convert the config to the JSON object that is saved.

        Where a text has one label, or a step one word, it is that of versions that knew nothing else. So it is without
        dropout of directions.
        """
        value = dataclasses.asdict(self)
        if self.words_per_step == 1:
            del value["words_per_step"]
        if self.direction_dropout == 0:
            del value["direction_dropout"]
        if not self.is_multi_label:
            del value["problem_type"], value["thresholds"]
        return value


def _is_label(name: object) -> bool:
    """Tell whether a value can be the name of a label: a text of some length, which UTF-8 can hold."""
    if not isinstance(name, str) or type(name) is not str or len(name) > MAX_LABEL_CHARACTERS:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in name)
