"""Sets up a run: rows, tokenizer and untrained model.

The model starts from random weights, those of a model to fine-tune, or word vectors.
"""

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from datasets import Dataset
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig, Recipe, TokenizerConfig, TrainConfig
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.config.recipes.ours import MADE_FOR_BASES
from hf_lstm.data.digests import hash_texts
from hf_lstm.data.encoded import LabeledTexts, encode_split
from hf_lstm.data.loading import load_splits, load_unlabeled
from hf_lstm.data.row_checks import check_training_rows
from hf_lstm.data.splits import Splits
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.encoding.scripts import are_unspaced, measure_unknown, needs_any_script
from hf_lstm.errors import InputError
from hf_lstm.memory import is_of_memory
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.embedding_scale import normalize_embedding
from hf_lstm.records.results import BaseModelFacts, WordVectorFacts
from hf_lstm.records.rows import RowFindings
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.label_feature import Labels
from hf_lstm.teaching.editing.edited_texts import find_praise, write_short_texts
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.teaching.start import start_from_ngrams
from hf_lstm.teaching.taught_rows import build_taught_rows
from hf_lstm.teaching.teachers import check_labels, check_teachers
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer
from hf_lstm.training.bases.loading import Base, load_base_model
from hf_lstm.training.vectors.start import find_vector_source, use_word_vectors

logger = logging.getLogger(__name__)

_NUM_WRITTEN = 30_000
"""Short texts for the vocabulary, so that each of their words is among the most frequent ones of 70,000 reviews."""


@dataclass(frozen=True)
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
    model_class: type[LSTMSentiment],
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
    base = None if recipe.train.base_model is None else load_base_model(recipe.train.base_model)
    if base is not None:
        base.check_given(recipe)
        base.complete_network(recipe.model, recipe.given)  # whose settings may not go together
    if base is None and recipe.name in MADE_FOR_BASES:
        logger.warning(
            "%s is made to fine-tune a language model, and starts from random numbers without --init-from FOLDER "
            "(init_from= in Python), which hf-lstm pretrain writes",
            recipe.name,
        )
    if base is not None and splits is None:
        recipe = complete_data(recipe, base, in_memory)
    needs_no_texts = base is None and recipe.tokenizer.vocab is not None
    tokenizer = train_tokenizer((), recipe.tokenizer) if needs_no_texts else None
    vector_source = find_vector_source(recipe)
    teachers = check_teachers(recipe.train.teacher_names)
    splits = load_splits(recipe.data, in_memory) if splits is None else splits
    if base is not None:
        base.check_splits(splits)
    logger.info("data: %s", ", ".join(f"{name} {len(split):,} rows" for name, split in splits.items()))
    labels = Labels.of_rows(splits["train"])
    for name, config_of_teacher in teachers.items():
        check_labels(name, config_of_teacher, labels)
    check_objectives(recipe.train, labels)
    findings = check_training_rows(splits)
    unlabeled = load_unlabeled(recipe.train, recipe.data, splits)
    praise = _find_label_of_praise(recipe, splits["train"])
    written = [] if praise is None else write_short_texts(_NUM_WRITTEN, seed=recipe.train.seed)
    more_texts = [*unlabeled, *written]
    recipe, config, tokenizer = resolve_recipe(recipe, splits["train"], base, tokenizer, more_texts=more_texts)
    encoded = {
        name: encode_split(split, tokenizer, config) for name, split in splits.items() if reads_test or name != "test"
    }
    _check_unknown(encoded, config, recipe.tokenizer.words)
    model = build_model(model_class, config, tokenizer, seed=recipe.train.seed).to(device)
    base_model = None
    if base is not None:
        base_model = base.copy_weights(model)
        model.embedding.weight.requires_grad_(not recipe.train.freeze_embeddings)
    size = f"{model.num_parameters:,} parameters, vocabulary {config.vocab_size:,}"
    logger.info("model: %s, on %s", size, device)
    word_vectors = None
    if vector_source is not None:
        word_vectors = use_word_vectors(model, vector_source, recipe.train, encoded["train"].texts.input_ids)
    learned = encoded["train"]
    if recipe.train.teachers is not None:
        learned = build_taught_rows(
            splits["train"],
            learned,
            unlabeled,
            tokenizer,
            config,
            recipe.train,
            praise=praise,
            device=device,
            kept=kept,
        )
    if recipe.train.start == "ngrams" and base is None and recipe.train.embeddings is None:
        start_from_ngrams(model, encoded["train"], has_vectors=word_vectors is not None)
    more = None
    if recipe.train.unlabeled_batches_per_step and unlabeled:
        more = Encoder(tokenizer, config).encode(unlabeled)
    if recipe.train.changes_word_vectors:
        ids = [texts.input_ids for texts in (learned.texts, more) if texts is not None]
        normalize_embedding(model, torch.bincount(torch.from_numpy(np.concatenate(ids)), minlength=config.vocab_size))
    digest = hash_texts(unlabeled) if len(unlabeled) else None
    num_unlabeled = len(unlabeled) if recipe.train.learns_from_unlabeled else None
    return PreparedRun(
        recipe, splits, findings, encoded, learned, more, digest, num_unlabeled, model, base_model, word_vectors
    )


def complete_data(recipe: Recipe, base: Base, in_memory: InMemorySplits | None) -> Recipe:
    """Fill in what the run of the model to start from was told of its rows, unless these have no names of columns."""
    if in_memory is not None and not in_memory.names_columns:
        return recipe
    return replace(recipe, data=base.complete_data(recipe.data))


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


def resolve_recipe(
    recipe: Recipe,
    train_split: Dataset,
    base: Base | None,
    tokenizer: Tokenizer | None = None,
    *,
    more_texts: Sequence[str] = (),
) -> tuple[Recipe, ModelConfig, Tokenizer]:
    """Complete the recipe's model config, and choose the tokenizer.

    Returns the recipe with that config, the config, and the tokenizer. The tokenizer is that of `base`, or `tokenizer`,
    or one that is trained here, on train and `more_texts`. With a model to fine-tune, its architecture and its way of
    finding words take the place of the recipe's, but for what was given of settings that no weight depends on; with a
    language model, only those of embedding and LSTM do.

    Raises:
        InputError: the texts have no word for the vocabulary, or `base` doesn't say how it finds words.
    """
    labels = Labels.of_rows(train_split)
    if base is not None:
        tokenizer_config = base.read_tokenizer_config() or recipe.tokenizer
        config = base.resolve(labels, recipe.model, recipe.given)
        return replace(recipe, model=config, tokenizer=tokenizer_config), config, base.tokenizer
    if tokenizer is None:
        texts = train_split["text"][:]
        recipe = replace(recipe, tokenizer=_choose_words(recipe, texts))
        tokenizer = train_tokenizer(itertools.chain(texts, more_texts), recipe.tokenizer)
    pad_token_id, unk_token_id = find_special_ids(tokenizer)
    config = recipe.model.resolve(
        vocab_size=tokenizer.get_vocab_size(),
        label_names=labels.names,
        problem_type=labels.problem_type,
        pad_token_id=pad_token_id,
        unk_token_id=unk_token_id,
    )
    return replace(recipe, model=config), config, tokenizer


def _choose_words(recipe: Recipe, texts: Sequence[str]) -> TokenizerConfig:
    """Choose how words are found, where our own recipe would lose signs or find whole sentences.

    Most letters without blanks between words: byte pairs. Else, as in any script.
    """
    chosen = recipe.tokenizer
    if chosen.words in ("any_script", "whitespace", "bpe") or not needs_any_script(texts):
        return chosen
    better: Literal["bpe", "any_script"] = "any_script"
    what = "train has vowel signs or accents inside words"
    if are_unspaced(texts):
        better, what = "bpe", "train is of a script that sets no blanks between words"
    is_plain = chosen.stop_words == "keep" and chosen.unknown_words == "mark"
    if recipe.name == DEFAULT_RECIPE and chosen.words == get_recipe(DEFAULT_RECIPE).tokenizer.words and is_plain:
        logger.info("%s: tokenizer.words is %s", what, better)
        return replace(chosen, words=better)
    logger.warning("%s, which tokenizer.words=%s misreads: --set tokenizer.words=%s", what, chosen.words, better)
    return chosen


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
