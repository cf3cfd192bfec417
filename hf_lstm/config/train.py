"""Defines the settings of training."""

import dataclasses
import math
from typing import Literal

from hf_lstm.config.checks import check_types, require

AUTO = "auto"
"""Of `init_from`: what comes along, if it fits. Of `unlabeled`: a split of the data set that is called so, if there is
one. Of `data.label_separator`: what the labels of train show."""
NGRAMS = "ngrams"
"""Of `teachers`: the one that is no saved model."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrainConfig:
    """Sets how the weights are learned."""

    num_epochs: int = 5
    """Most passes over the training rows. See `patience`."""
    batch_size: int = 64
    """Rows that go through the network together."""
    max_tokens_per_batch: int | None = None
    """Fill each batch with as many rows as fit into this many tokens, padding included. `none` takes `batch_size`."""
    gradient_accumulation: int = 1
    """Batches per optimizer step. The step is that of one batch with all their rows, but takes less memory."""
    learning_rate: float = 1e-3
    """Size of the optimizer's steps (Adam)."""
    adam_epsilon: float = 1e-8
    """Added to the denominator of Adam's steps, so that it is never 0."""
    weight_decay: float = 0.0
    """Shrinks weights at every step, against overfitting (decoupled, AdamW). Biases, normalization and embedding do not
    shrink. 0 is plain Adam."""
    layer_decay: float = 1.0
    """Each layer's learning rate as a multiple of that of the layer above it. The classifier has `learning_rate`, the
    last LSTM layer the next one, the embedding the lowest. Below 1, a fine-tuned model forgets less."""
    frozen_steps: int = 0
    """First steps, in which the classifier learns alone, from the labels alone. Embedding and LSTM stay as they are."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    """The learning rate after the warm-up. `linear` and `cosine` let it fall to 0 at the end of `num_epochs`."""
    warmup_steps: int = 0
    """First steps of training, over which the learning rate rises from 0."""
    warmup_fraction: float = 0.0
    """The same as a share of all steps. One of the two must be 0."""
    max_grad_norm: float | None = 1.0
    """Gradients with a larger L2 norm are scaled down to it. `none` never scales them."""
    label_smoothing: float = 0.0
    """Share of the target that is spread evenly over all labels, so that the model gets less sure of itself."""
    class_weights: str | None = None
    """How much the rows of each label count: `balanced` makes all labels count alike, and `1,2.5` gives a number for
    each label. `none` makes all rows count alike."""
    ema_decay: float | None = None
    """Keep and measure an average of the weights over about 1 / (1 - ema_decay) steps (exponential moving average)."""
    adversarial_epsilon: float | None = None
    """Learn each batch twice, the second time with its word vectors changed for the worst by this length over the whole
    text, once they are scaled to variance 1 (adversarial training; 5 is usual). Each epoch takes twice the time."""
    virtual_adversarial_epsilon: float | None = None
    """Also learn to answer the same after the change of the word vectors that moves the answer most, of this length
    over the whole text (virtual adversarial training; 5 is usual). It needs no labels, so that texts without them help:
    see `unlabeled_batches_per_step`. Each batch takes three times the time."""
    entropy_weight: float = 0.0
    """How much answers that are sure of themselves count besides answers that are right (entropy minimization)."""
    unlabeled_batches_per_step: int = 0
    """Batches of `unlabeled` that each step also reads, for `virtual_adversarial_epsilon` and `entropy_weight`."""
    patience: int | None = None
    """Stop after this many epochs without a better figure on validation. `none` runs all epochs."""
    best_by: Literal["loss", "accuracy"] = "loss"
    """The figure on validation that decides which epoch is the best. Its weights are kept."""
    group_by_length: bool = True
    """Put rows of similar length into the same batch, so that there is little padding. The order is still random."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format to compute in. `auto` means bfloat16 if the device has it in hardware, else float32."""
    cuda_graphs: bool = False
    """On a CUDA device, launch all time steps of a pass at once, which is about twice as fast. For one LSTM
    layer in bfloat16; others train as without."""
    embeddings: str | None = None
    """Pretrained word vectors to start from: a file in GloVe's text format, a Hub repository, `org/name[/file]`, or a
    saved model, by its folder or as `flagship` or `flagship-tiny`, whose longer vectors are reduced to `embedding_dim`
    (PCA)."""
    freeze_embeddings: bool = False
    """Do not train the embedding that `embeddings` or `init_from` gives."""
    missing_vectors: Literal["zero", "normal"] = "normal"
    """What words without a pretrained vector start from. `zero`: zeros. `normal`: random numbers with the mean and
    spread of the pretrained ones."""
    teachers: str | None = None
    """Who labels the rows softly for the network to learn from, with commas between: `ngrams`, a linear model of
    n-grams that is trained here, also on what the other teachers say of texts without labels, and never labels a row
    that it has learned from; folders or Hub ids of saved models. What they say is averaged. `none` learns from the
    labels alone."""
    teacher_votes: str | None = None
    """How much each teacher counts in the average: numbers in the order of `teachers`, such as `2,1`. `none` makes all
    count alike."""
    teacher_weight: float = 1.0
    """Share of the target that the teachers give, 0 to 1. The rest is the label, where a row has one."""
    unlabeled: str | None = None
    """Texts without labels to learn from, as `teachers` label them, or by `unlabeled_batches_per_step`: a file, or a
    split of the data set. `auto` takes a split called `unsupervised` or `unlabeled`, if there is one and it is needed.
    """
    crops_per_text: int = 0
    """Also learn from as many random parts of one to three sentences of each labeled text, as `teachers` label them."""
    thinned_per_text: int = 0
    """Also learn from as many thinned copies of each text, labeled or not: a random half of its sentences, in their
    order, as `teachers` label them."""
    edited_share: float = 0.0
    """Share of the rows to learn from that are edited by rule, so that a few words turn what they say: words of praise
    swapped for words of blame, negations put in or taken out. Only English reviews of two labels are edited; others are
    left as they are."""
    start: Literal["random", "ngrams"] = "random"
    """What the embedding starts from, without `embeddings` and a model to start from. `random`: as
    `model.initialization` says. `ngrams`: small random numbers, or the word vectors of `init_from=auto`, and what each
    word says for a label by a linear model."""
    init_from: str | None = None
    """A saved model to fine-tune, as a folder or Hub id. Its tokenizer and network replace those of the recipe, but
    for what is set of how much is read (`model.max_length_tokens`, `truncation`, `max_length_characters`), dropout of
    all kinds, and `dtype`. A language model gives tokenizer, embedding and LSTM, and leaves the rest to the recipe.
    `auto` takes only the word vectors of the language model of English film reviews that comes along, and where most
    words of train have none, as in other languages, starts without them."""
    num_shards: int | None = None
    """Divide the rows of each step into this many parts, each computed on one core. The weights then have the same bits
    whatever the number of threads and processes (1 to `num_shards`). `none` divides them as fits the threads, which
    may change the last bits; for several processes it means 4, or as many as processes."""
    seed: int = 0
    """Seed of the first weights, the order of the rows, and dropout."""

    def __post_init__(self) -> None:
        weights, expected = self.class_weights, "none, balanced, or positive numbers in one text, such as 1,2.5"
        require(weights is None or isinstance(weights, str), "train.class_weights", weights, expected)
        check_types(self, "train")
        for name in ("num_epochs", "batch_size", "gradient_accumulation"):
            require(getattr(self, name) >= 1, f"train.{name}", getattr(self, name), ">= 1")
        for name in ("learning_rate", "adam_epsilon"):
            require(getattr(self, name) > 0, f"train.{name}", getattr(self, name), "> 0")
        for name in ("weight_decay", "warmup_steps", "frozen_steps", "entropy_weight", "unlabeled_batches_per_step"):
            require(getattr(self, name) >= 0, f"train.{name}", getattr(self, name), ">= 0")
        for name in ("adversarial_epsilon", "virtual_adversarial_epsilon"):
            epsilon = getattr(self, name)
            require(epsilon is None or epsilon > 0, f"train.{name}", epsilon, "none or > 0")
        require(0 < self.layer_decay <= 1, "train.layer_decay", self.layer_decay, "0 < x <= 1")
        for name in ("warmup_fraction", "label_smoothing"):
            require(0 <= getattr(self, name) < 1, f"train.{name}", getattr(self, name), "0 <= x < 1")
        both = (self.warmup_steps, self.warmup_fraction)
        require(0 in both, "train.warmup_steps and train.warmup_fraction", both, "one of them 0")
        require(
            self.ema_decay is None or 0 < self.ema_decay < 1, "train.ema_decay", self.ema_decay, "none or 0 < x < 1"
        )
        require(_are_class_weights(weights), "train.class_weights", weights, expected)
        require(self.max_grad_norm is None or self.max_grad_norm > 0, "train.max_grad_norm", self.max_grad_norm, "> 0")
        require(self.patience is None or self.patience >= 1, "train.patience", self.patience, "none or >= 1")
        budget = self.max_tokens_per_batch
        require(budget is None or budget >= 1, "train.max_tokens_per_batch", budget, "none or >= 1")
        if self.embeddings is None:
            has_embedding = self.base_model is not None or not self.freeze_embeddings
            expected = "false without train.embeddings and a model in train.init_from"
            require(has_embedding, "train.freeze_embeddings", True, expected)
        else:
            require(self.base_model is None, "train.embeddings", self.embeddings, "none with train.init_from")
        self._check_teachers()
        require(self.num_shards is None or self.num_shards >= 1, "train.num_shards", self.num_shards, "none or >= 1")
        one_thread = "false with train.num_shards, which several processes have, too: graphs are of one thread"
        require(self.num_shards is None or not self.cuda_graphs, "train.cuda_graphs", True, one_thread)
        self._check_unlabeled()
        require(0 <= self.seed < 2**32, "train.seed", self.seed, "0 <= x < 2**32")

    @property
    def base_model(self) -> str | None:
        """Return the folder or Hub id of the model to start from; None without one, and for `auto`."""
        return None if self.init_from == AUTO else self.init_from

    def _check_teachers(self) -> None:
        require(0 < self.teacher_weight <= 1, "train.teacher_weight", self.teacher_weight, "0 < x <= 1")
        for name in ("crops_per_text", "thinned_per_text"):
            number = getattr(self, name)
            require(number >= 0, f"train.{name}", number, ">= 0")
            require(number == 0 or self.teachers is not None, f"train.{name}", number, "0 without train.teachers")
        require(0 <= self.edited_share < 1, "train.edited_share", self.edited_share, "0 <= x < 1")
        if self.teachers is None:
            require(self.edited_share == 0, "train.edited_share", self.edited_share, "0 without train.teachers")
        else:
            names = "names with commas between, such as ngrams,runs/teacher"
            require(all(self.teacher_names), "train.teachers", self.teachers, names)
        votes, num_teachers = self.teacher_votes, len(self.teacher_names)
        is_whole = votes is None or (_are_positive(votes) and len(votes.split(",")) == num_teachers)
        numbers = "1 positive number" if num_teachers == 1 else f"{num_teachers} positive numbers with commas between"
        expected = f"none, or {numbers}" if num_teachers else "none without train.teachers"
        require(is_whole, "train.teacher_votes", votes, expected)

    def _check_unlabeled(self) -> None:
        num_batches, name = self.unlabeled_batches_per_step, "train.unlabeled_batches_per_step"
        if num_batches:
            has_objective = self.virtual_adversarial_epsilon is not None or self.entropy_weight > 0
            objectives = "train.virtual_adversarial_epsilon and train.entropy_weight"
            require(has_objective, name, num_batches, f"0 without {objectives}")
            require(self.unlabeled is not None, name, num_batches, "0 without train.unlabeled")
        elif self.teachers is None:
            expected = (
                f"none or auto without train.teachers and {name}: pass --teacher ngrams, or choose a recipe that "
                "learns from such texts, such as lm-virtual (from a language model) or distilled-bilstm"
            )
            require(self.unlabeled in (None, AUTO), "train.unlabeled", self.unlabeled, expected)

    @property
    def learns_from_unlabeled(self) -> bool:
        """Tell whether texts without labels are of any use."""
        return self.unlabeled is not None and (self.teachers is not None or self.unlabeled_batches_per_step > 0)

    @property
    def changes_word_vectors(self) -> bool:
        """Tell whether word vectors are changed in training, so that their scale matters."""
        return self.adversarial_epsilon is not None or self.virtual_adversarial_epsilon is not None

    @property
    def shares_of_teachers(self) -> list[float] | None:
        """Return how much each teacher counts; None if all count alike."""
        return None if self.teacher_votes is None else [float(vote) for vote in self.teacher_votes.split(",")]

    @property
    def teacher_names(self) -> list[str]:
        """Return the teachers one by one."""
        return [] if self.teachers is None else [name.strip() for name in self.teachers.split(",")]


def _are_class_weights(text: str | None) -> bool:
    return text is None or text == "balanced" or _are_positive(text)


def _are_positive(text: str) -> bool:
    """Tell whether a text is positive numbers with commas between."""
    try:
        return all(0 < float(weight) < math.inf for weight in text.split(","))
    except ValueError:
        return False
