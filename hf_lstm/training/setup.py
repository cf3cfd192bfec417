"""Sets up a run: rows, tokenizer and untrained model.

The model starts from random weights, those of a model to fine-tune, or word vectors.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from datasets import Dataset
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig, Recipe, TrainConfig
from hf_lstm.config.recipes.ours import MADE_FOR_BASES
from hf_lstm.data.digests import hash_texts
from hf_lstm.data.encoded import LabeledTexts, encode_split
from hf_lstm.data.loading import load_splits, load_unlabeled
from hf_lstm.data.row_checks import check_training_rows
from hf_lstm.data.splits import Splits
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.encoding.scripts import measure_unknown
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.embedding_scale import normalize_embedding
from hf_lstm.records.results import BaseModelFacts, WordVectorFacts
from hf_lstm.records.rows import RowFindings
from hf_lstm.runtime.memory import is_of_memory
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.label_feature import Labels
from hf_lstm.teaching.editing.edited_texts import find_praise, write_short_texts
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.teaching.start import start_from_ngrams
from hf_lstm.teaching.taught_rows import build_taught_rows
from hf_lstm.teaching.teachers import check_labels, check_teachers
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.training.bases.loading import Base, load_base_model
from hf_lstm.training.bases.seen_rows import check_lenders
from hf_lstm.training.completion import complete_data, resolve_recipe
from hf_lstm.training.vectors.start import VectorSource, find_vector_source, use_word_vectors

logger = logging.getLogger(__name__)

_NUM_WRITTEN = 30_000
"""Short texts for the vocabulary, so that each of their words is among the most frequent ones of 70,000 reviews."""


@dataclass(frozen=True, kw_only=True)
class PreparedRun:
    """Holds a run's data and untrained model.

    It is all that training needs, and the rows to measure the saved weights on.
    """

    recipe: Recipe
    """Completed by the data, or by the model to fine-tune."""
    splits: Splits
    """`train`, `validation` and `test`, with the columns `text` and `label`."""
    findings: RowFindings
    """Rows to know of."""
    encoded: dict[str, LabeledTexts]
    """The same rows as token ids."""
    learned: LabeledTexts
    """The rows to learn from: those of train, or what teachers say of these and of more."""
    unlabeled: EncodedTexts | None
    """Texts without labels that steps read besides, if any."""
    unlabeled_sha256: str | None
    """Of all texts without labels, see `hash_texts`; None without such."""
    num_unlabeled: int | None
    """How many these are; None where none were looked for."""
    model: LSTMSentiment
    """On its device, not trained yet."""
    base_model: BaseModelFacts | None
    """The model that its weights are copied from, if they are."""
    word_vectors: WordVectorFacts | None
    """The vectors that its embedding starts from, if any."""


def prepare_run(
    recipe: Recipe,
    device: torch.device,
    *,
    model_class: type[LSTMSentiment] = LSTMSentiment,
    in_memory: InMemorySplits | None = None,
    splits: Splits | None = None,
    reads_test: bool = True,
    kept: KeptAnswers | None = None,
) -> PreparedRun:
    """Load and encode the rows of a recipe, and build its model.

    Args:
        recipe: what to run.
        device: where the model is put.
        model_class: what the model is an instance of.
        in_memory: the rows, if they were passed from Python.
        splits: the rows, if they are cut already; test may be missing.
        reads_test: whether test is encoded, to be measured. If not, its texts are only kept out of what is learned.
        kept: has what teachers have said of these texts before, and keeps what they say.

    Raises:
        InputError: the model to fine-tune, the vocabulary, the word vectors, the data or a setting is unusable; looked
            at in this order, so that what costs little to find is found before the data are read.
        StorageError: the disk is full or fails.
    """
    base = _load_base(recipe)
    if base is not None and splits is None:
        recipe = complete_data(recipe, base, in_memory)
    needs_no_texts = base is None and recipe.tokenizer.vocab is not None
    tokenizer = train_tokenizer((), recipe.tokenizer) if needs_no_texts else None
    vector_source = find_vector_source(recipe)
    teachers = check_teachers(recipe.train.teacher_names)
    splits = load_splits(recipe.data, in_memory) if splits is None else splits
    if base is not None:
        base.check_splits(splits)
    check_lenders(recipe.train, splits)
    logger.info("data: %s", ", ".join(f"{name} {len(split):,} rows" for name, split in splits.items()))
    train_split = splits["train"]
    labels = Labels.of_rows(train_split)
    for name, config_of_teacher in teachers.items():
        check_labels(name, config_of_teacher, labels)
    check_objectives(recipe.train, labels)
    findings = check_training_rows(splits)
    unlabeled = load_unlabeled(recipe.train, recipe.data, splits)
    praise = _find_label_of_praise(recipe, train_split)
    written = [] if praise is None else write_short_texts(_NUM_WRITTEN, seed=recipe.train.seed)
    recipe, config, tokenizer = resolve_recipe(recipe, train_split, base, tokenizer, more_texts=[*unlabeled, *written])
    encoded = {
        name: encode_split(split, tokenizer, config) for name, split in splits.items() if reads_test or name != "test"
    }
    _check_unknown(encoded, config, recipe.tokenizer.words)
    model = build_model(model_class, config, tokenizer, seed=recipe.train.seed).to(device)
    base_model, word_vectors = _start_model(model, recipe, base, vector_source, encoded["train"])
    learned = encoded["train"]
    if recipe.train.teachers is not None:
        learned = build_taught_rows(
            train_split, learned, unlabeled, tokenizer, config, recipe.train, praise=praise, device=device, kept=kept
        )
    if recipe.train.start == "ngrams" and base is None and recipe.train.embeddings is None:
        start_from_ngrams(model, encoded["train"], has_vectors=word_vectors is not None)
    more = None
    if recipe.train.unlabeled_batches_per_step and unlabeled:
        more = Encoder(tokenizer, config).encode(unlabeled)
    if recipe.train.changes_word_vectors:
        ids = [texts.input_ids for texts in (learned.texts, more) if texts is not None]
        normalize_embedding(model, torch.bincount(torch.from_numpy(np.concatenate(ids)), minlength=config.vocab_size))
    return PreparedRun(
        recipe=recipe,
        splits=splits,
        findings=findings,
        encoded=encoded,
        learned=learned,
        unlabeled=more,
        unlabeled_sha256=hash_texts(unlabeled) if unlabeled else None,
        num_unlabeled=len(unlabeled) if recipe.train.learns_from_unlabeled else None,
        model=model,
        base_model=base_model,
        word_vectors=word_vectors,
    )


def _load_base(recipe: Recipe) -> Base | None:
    """Load the model that a recipe starts from, if any, and check that it goes together with what was given."""
    if recipe.train.base_model is not None:
        base = load_base_model(recipe.train.base_model)
        base.check_given(recipe)
        base.complete_network(recipe.model, recipe.given)  # whose settings may not go together
        return base
    if recipe.name in MADE_FOR_BASES:
        logger.warning(
            "%s is made to fine-tune a language model, and starts from random numbers without --init-from FOLDER "
            "(init_from= in Python), which hf-lstm pretrain writes",
            recipe.name,
        )
    return None


def _start_model(
    model: LSTMSentiment,
    recipe: Recipe,
    base: Base | None,
    vector_source: VectorSource | None,
    train_rows: LabeledTexts,
) -> tuple[BaseModelFacts | None, WordVectorFacts | None]:
    """Put the weights of a base, or word vectors, into a model that was just drawn; return the facts of both."""
    base_model = word_vectors = None
    if base is not None:
        base_model = base.copy_weights(model)
        model.embedding.weight.requires_grad_(not recipe.train.freeze_embeddings)
    logger.info(
        "model: %s parameters, vocabulary %s, on %s",
        f"{model.num_parameters:,}",
        f"{model.config.vocab_size:,}",
        model.device,
    )
    if vector_source is not None:
        word_vectors = use_word_vectors(model, vector_source, recipe.train, train_rows.texts.input_ids)
    return base_model, word_vectors


def check_objectives(config: TrainConfig, labels: Labels) -> None:
    """Check that what a recipe asks of training can be asked of these labels.

    Raises:
        InputError: it can't; the setting is named.
    """
    if not labels.is_multi:
        return
    refused = {
        "train.class_weights": config.class_weights is not None,
        "train.virtual_adversarial_epsilon": config.virtual_adversarial_epsilon is not None,
        "train.entropy_weight": config.entropy_weight > 0,
    }
    for name, is_set in refused.items():
        if is_set:
            value = getattr(config, name.removeprefix("train."))
            raise InputError(
                f"{name} is {value}, which needs texts with one label each, and these have any number; leave it out"
            )


def _find_label_of_praise(recipe: Recipe, train_split: Dataset) -> int | None:
    """Find which label is praise, where texts are to be edited; None if there is none, or nothing is to be edited."""
    labels = Labels.of_rows(train_split)
    if not recipe.train.edited_share or labels.is_multi or len(labels.names) != 2:
        return None
    return find_praise(train_split["text"][:], np.asarray(train_split["label"][:]))


def _check_unknown(encoded: Mapping[str, LabeledTexts], config: ModelConfig, words: str) -> None:
    """Log the share of unknown tokens of each split.

    Raises:
        InputError: train has no other tokens.
    """
    shares = {name: measure_unknown(split.texts, config.unk_token_id) for name, split in encoded.items()}
    logger.info("unknown tokens: %s", ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items()))
    if shares["train"] == 1:
        raise InputError(
            f"no text of train has a token that the tokenizer knows, so there is nothing to learn from: "
            f"tokenizer.words={words} finds no words of its script; choose --set tokenizer.words=any_script "
            "tokenizer.vocab=none"
        )
    if shares["train"] > 0.5:
        logger.warning("most tokens of train are unknown: the model sees little of the texts")


def build_model(
    model_class: type[LSTMSentiment], config: ModelConfig, tokenizer: Tokenizer, *, seed: int
) -> LSTMSentiment:
    """Build a model on the CPU, with weights drawn from the seed.

    Raises:
        InputError: it does not fit into memory.
    """
    torch.manual_seed(seed)
    try:
        return model_class(config, tokenizer)
    except RuntimeError as error:
        if not is_of_memory(error):
            raise
        raise InputError(
            f"the model does not fit into memory with model.hidden_size={config.hidden_size}, "
            f"model.embedding_dim={config.embedding_dim}: make them smaller"
        ) from None
