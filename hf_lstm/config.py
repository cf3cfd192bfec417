"""Recipes as data: frozen dataclasses that validate themselves where they are built."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from hf_lstm.setting_checks import check_types, require

MAX_VOCAB_SIZE, MAX_UNITS, MAX_NUM_LAYERS, MAX_LENGTH = 2**24, 2**15, 64, 2**31 - 1
"""Beyond any LSTM ever published: a damaged config is refused before it reaches the memory allocator."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DataConfig:
    """Which rows are used, and how they become train, validation and test."""

    dataset: str = "stanfordnlp/imdb"
    """Hub id, folder, file, or `sample`."""
    split: Literal["official", "pooled", "pooled_test_first"] = "official"
    """`official`: the data set's own splits, validation taken from train where there is none.
    `pooled`: all labeled rows (train, then validation, then test) permuted and cut anew into train, validation, test.
    `pooled_test_first`: into test, train, validation, as scikit-learn's `train_test_split` cuts."""
    train_fraction: float = 0.7
    """Share of the pooled rows that become train; unused with `official`."""
    validation_fraction: float = 0.2
    """Share of train (`official`) or of the pooled rows that becomes validation."""
    split_seed: int = 0
    """Seed of `numpy.random.RandomState(split_seed).permutation(n)`, which orders the rows."""

    def __post_init__(self) -> None:
        check_types(self, "data")
        require(0 < self.validation_fraction < 1, "data.validation_fraction", self.validation_fraction, "0 < x < 1")
        require(0 < self.train_fraction < 1, "data.train_fraction", self.train_fraction, "0 < x < 1")
        require(0 <= self.split_seed < 2**32, "data.split_seed", self.split_seed, "0 <= x < 2**32")
        if self.split != "official":
            total = self.train_fraction + self.validation_fraction
            require(total < 1, "data.train_fraction + data.validation_fraction", total, "less than 1: test needs rows")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TokenizerConfig:
    """How text becomes words, and which words get an id of their own."""

    words: Literal["word_characters", "letters", "whitespace", "unpunctuated", "wordpiece"] = "word_characters"
    r"""`word_characters`: the matches of `\b\w+\b`; `letters`: of `[^\W\d]+`; `whitespace`: what `str.split()` gives;
    `unpunctuated`: the same without ASCII punctuation; `wordpiece`: BERT's pieces of clean text: `wordpiece.py`."""
    lowercase: bool = True
    """Lower-case the text as Python's `str.lower` does."""
    stop_words: Literal["keep", "unknown", "drop"] = "keep"
    """NLTK's 179 English stop words: `unknown` gives them no id, so that they stay in the sequence as `<unk>`; `drop`
    leaves them out of the sequence."""
    unknown_words: Literal["mark", "drop"] = "mark"
    """Words without an id: `mark` puts `<unk>` in their place, `drop` leaves them out of the sequence."""
    vocab: str | None = None
    """Of `wordpiece`: a `vocab.txt`, or a Hub model that has one; `none` learns the pieces from train."""
    min_count: int = 1
    """Words that occur less often in train become `<unk>`."""
    max_words: int | None = None
    """At most this many words (or pieces), the most frequent; `<pad>` and `<unk>` come on top."""
    order: Literal["alphabetical", "frequency"] = "frequency"
    """How ids are given out from 2 on; equal frequencies are ordered alphabetically."""

    def __post_init__(self) -> None:
        check_types(self, "tokenizer")
        require(self.min_count >= 1, "tokenizer.min_count", self.min_count, ">= 1")
        require(self.max_words is None or self.max_words >= 1, "tokenizer.max_words", self.max_words, "none or >= 1")
        if self.words == "wordpiece":
            require(self.lowercase, "tokenizer.lowercase", False, "true with tokenizer.words=wordpiece")
            require(self.stop_words != "unknown", "tokenizer.stop_words", "unknown", "keep or drop with wordpiece")
            require(self.unknown_words == "mark", "tokenizer.unknown_words", "drop", "mark with wordpiece")
        else:
            require(self.vocab is None, "tokenizer.vocab", self.vocab, "none, unless tokenizer.words=wordpiece")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig:
    """The network, and all that inference must know; saved as `config.json` beside the weights."""

    vocab_size: int | None = None
    """Rows of the embedding; resolved from the trained tokenizer."""
    id2label: dict[int, str] | None = None
    """Label names by class index; resolved from the data."""
    embedding_dim: int = 100
    hidden_size: int = 256
    """Units of each direction."""
    num_layers: int = 1
    bidirectional: bool = False
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
    pad_token_id: int = 0
    unk_token_id: int = 1
    max_length_tokens: int = 256
    """Longer texts are cut."""
    truncation: Literal["first", "last", "head_tail"] = "first"
    """Which tokens of a longer text are kept: the first, the last, or the first and the last halves of the limit."""
    max_length_characters: int = 100_000
    """Longer texts are cut before they are tokenized, so that a huge input costs little."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Of the saved weights; they are computed with in float32 or bfloat16, see `predict`."""
    temperature: float = 1.0
    """Logits are divided by it before they become probabilities; fitted on validation at the end of training."""

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
        require(self.temperature > 0, "model.temperature", self.temperature, "> 0")
        if self.vocab_size is not None:
            require(
                2 <= self.vocab_size <= MAX_VOCAB_SIZE, "model.vocab_size", self.vocab_size, f"2 to {MAX_VOCAB_SIZE}"
            )
            for name in ("pad_token_id", "unk_token_id"):
                ids = f"an id below the vocab_size of {self.vocab_size}"
                require(0 <= getattr(self, name) < self.vocab_size, f"model.{name}", getattr(self, name), ids)
        if self.id2label is not None:
            require(
                all(type(label) is str for label in self.id2label.values()),
                "model.id2label", self.id2label, "names of labels",
            )  # fmt: skip
            id2label = {int(index): label for index, label in self.id2label.items()}  # JSON keys are strings
            object.__setattr__(self, "id2label", id2label)
            require(
                len(id2label) >= 2 and sorted(id2label) == list(range(len(id2label))),
                "model.id2label", id2label, "at least two labels, numbered from 0",
            )  # fmt: skip
            require(len(set(id2label.values())) == len(id2label), "model.id2label", id2label, "labels that differ")
            require(not self.single_logit or len(id2label) == 2, "model.single_logit", True, "two labels")

    @property
    def num_labels(self) -> int:
        """Number of classes; 0 while unresolved."""
        return len(self.id2label or {})

    def resolve(
        self, *, vocab_size: int, label_names: Iterable[str], pad_token_id: int = 0, unk_token_id: int = 1
    ) -> "ModelConfig":
        """Return the config with what only the data can tell: the vocabulary's size, its special ids and the labels.

        `single_logit` is dropped where there are more than two labels.
        """
        id2label = dict(enumerate(label_names))
        single_logit = self.single_logit and len(id2label) == 2
        return dataclasses.replace(
            self,
            vocab_size=vocab_size,
            pad_token_id=pad_token_id,
            unk_token_id=unk_token_id,
            id2label=id2label,
            single_logit=single_logit,
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrainConfig:
    """How the weights are learned."""

    num_epochs: int = 5
    batch_size: int = 64
    """Rows that go through the network together."""
    max_tokens_per_batch: int | None = None
    """Instead of a number of rows: as many as fit into this many tokens, padding included."""
    gradient_accumulation: int = 1
    """Batches per optimizer step; a step does what one batch of all their rows would, in less memory."""
    learning_rate: float = 1e-3
    adam_epsilon: float = 1e-8
    weight_decay: float = 0.0
    """Decoupled (AdamW); 0 is plain Adam. Biases, normalization and embedding are left out."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    """The learning rate after the warm-up: `linear` and `cosine` fall to 0 at the end of `num_epochs`."""
    warmup_steps: int = 0
    """Steps over which the learning rate rises linearly from 0."""
    warmup_fraction: float = 0.0
    """The same as a share of all steps."""
    max_grad_norm: float | None = 1.0
    """Gradients are scaled down to this L2 norm; `none` leaves them."""
    label_smoothing: float = 0.0
    """Share of each target that is spread over all labels."""
    class_weights: str | None = None
    """How much rows count: `balanced` has all classes count alike; or a number for each label, such as `1,2.5`."""
    ema_decay: float | None = None
    """Evaluate and keep an exponential average of the weights, over about 1 / (1 - ema_decay) steps."""
    patience: int | None = None
    """Stop after this many epochs without a better validation figure; `none` runs all epochs."""
    best_by: Literal["loss", "accuracy"] = "loss"
    """The validation figure by which the best epoch is kept."""
    group_by_length: bool = True
    """Batch rows of like length together; the order stays random otherwise."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 where the device computes it natively, float32 elsewhere."""
    embeddings: str | None = None
    """Pretrained word vectors to start from: a file in GloVe's text format, or a Hub repository, `org/name[/file]`."""
    freeze_embeddings: bool = False
    """Leave the pretrained vectors as they are."""
    missing_vectors: Literal["zero", "normal"] = "normal"
    """What words without a pretrained vector start from: zeros, or draws like the values of the other words."""
    seed: int = 0

    def __post_init__(self) -> None:
        check_types(self, "train")
        for name in ("num_epochs", "batch_size", "gradient_accumulation"):
            require(getattr(self, name) >= 1, f"train.{name}", getattr(self, name), ">= 1")
        for name in ("learning_rate", "adam_epsilon"):
            require(getattr(self, name) > 0, f"train.{name}", getattr(self, name), "> 0")
        for name in ("weight_decay", "warmup_steps"):
            require(getattr(self, name) >= 0, f"train.{name}", getattr(self, name), ">= 0")
        for name in ("warmup_fraction", "label_smoothing"):
            require(0 <= getattr(self, name) < 1, f"train.{name}", getattr(self, name), "0 <= x < 1")
        both = (self.warmup_steps, self.warmup_fraction)
        require(0 in both, "train.warmup_steps and train.warmup_fraction", both, "one of them 0")
        require(
            self.ema_decay is None or 0 < self.ema_decay < 1, "train.ema_decay", self.ema_decay, "none or 0 < x < 1"
        )
        expected = "none, balanced, or positive numbers with commas between them, such as 1,2.5"
        require(_are_class_weights(self.class_weights), "train.class_weights", self.class_weights, expected)
        require(self.max_grad_norm is None or self.max_grad_norm > 0, "train.max_grad_norm", self.max_grad_norm, "> 0")
        require(self.patience is None or self.patience >= 1, "train.patience", self.patience, "none or >= 1")
        budget = self.max_tokens_per_batch
        require(budget is None or budget >= 1, "train.max_tokens_per_batch", budget, "none or >= 1")
        if self.embeddings is None:
            require(not self.freeze_embeddings, "train.freeze_embeddings", True, "false without train.embeddings")
        require(0 <= self.seed < 2**32, "train.seed", self.seed, "0 <= x < 2**32")


def _are_class_weights(text: str | None) -> bool:
    if text in (None, "balanced"):
        return True
    try:
        return all(0 < float(weight) < math.inf for weight in text.split(","))
    except ValueError:
        return False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A complete run: data, tokenizer, model and training, with where it comes from and what was published."""

    name: str
    description: str
    """One line for `--help`."""
    source: str
    """Who published the system, and where."""
    published: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """The published figures, by name; accuracies in percent."""
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = dataclasses.field(default_factory=TokenizerConfig)
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-able nested dicts."""
        return dataclasses.asdict(self)
