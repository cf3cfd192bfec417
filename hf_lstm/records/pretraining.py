"""Defines the results.json of a language model."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PretrainEpoch:
    """Describes one pass over the texts."""

    epoch: int
    """Counted from 1."""
    train_loss: float
    """In nats a word, measured during the epoch, with dropout. It is the sampled loss, which is minimized."""
    validation_loss: list[float]
    """In nats a word, by direction: exact, against the whole vocabulary."""
    validation_perplexity: list[float]
    """The same as perplexity: among how many words the model is in doubt."""
    num_tokens: int
    """Words read."""
    elapsed_s: float
    """For training, without measuring."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PretrainTexts:
    """Describes the texts of a language model."""

    dataset: str | None
    """Whose train split was read, if any."""
    unlabeled: str | None
    """The file that was read besides, if any."""
    num_texts: dict[str, int]
    """Read for `train`, and for `validation`."""
    num_tokens: dict[str, int]
    """Likewise."""
    unknown_share: dict[str, float]
    """The share of these tokens that have no id of their own."""
    num_left_out: dict[str, int]
    """Texts that were not read: `repeated` ones, and those that stand in `held_out` splits."""
    texts_sha256: str
    """Hash of all texts read, whatever their order: see `hash_texts`."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PretrainResults:
    """Describes the run of a language model, as its results.json has it."""

    recipe: str
    command: str
    texts: PretrainTexts
    weights_sha256: str
    """Of model.safetensors."""
    num_parameters: int
    vocab_size: int
    seed: int
    device: str
    precision: str
    """The number format of training."""
    num_threads: int
    versions: dict[str, str]
    commit: str | None
    """Of the checkout, with `+changes` if its files were changed. None if the package was not run from a checkout."""
    epochs: list[PretrainEpoch]
    tokens_per_s: float
    """Words read in a second of training."""
    elapsed_s: float
    """From the start of the run to its end, without the time between its parts if it was resumed."""
