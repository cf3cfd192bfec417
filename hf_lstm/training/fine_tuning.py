"""Loads a saved model to fine-tune, and copies its weights.

Its tokenizer and architecture are taken over, too.
"""

import dataclasses
import hashlib
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets import Dataset
from tokenizers import Tokenizer

from hf_lstm.config import DataConfig, ModelConfig, Recipe, TokenizerConfig
from hf_lstm.config.model import HOW_MUCH_IS_READ, ModelSettings, NetworkConfig
from hf_lstm.config.overrides import check_given, may_be_determined
from hf_lstm.config.pretrain import SET_BY_LANGUAGE_MODEL
from hf_lstm.data.digests import add_hashes, hash_texts
from hf_lstm.errors import InputError, abbreviate
from hf_lstm.evaluation.known_rows import inherit_columns, is_same_source, load_earlier_texts, warn_of_seen_rows
from hf_lstm.files import WEIGHTS_FILE
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.folder import read_config
from hf_lstm.pretraining.folder import (
    SavedLanguageModel,
    is_language_model,
    read_language_model,
    read_language_model_config,
)
from hf_lstm.records.places import SAMPLE
from hf_lstm.records.results import BaseModelFacts
from hf_lstm.rows.columns import Columns
from hf_lstm.rows.labels import LabelMap
from hf_lstm.shipped import locate_model
from hf_lstm.sources.label_feature import Labels

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BaseModel:
    """Holds a saved model to fine-tune."""

    source: str
    """Folder or Hub id."""
    is_on_hub: bool
    """Whether `source` is a Hub id, and no folder. Its form does not tell later, or on another machine."""
    model: LSTMSentiment
    weights_sha256: str

    @property
    def tokenizer(self) -> Tokenizer:
        """Return the model's tokenizer.

        Raises:
            InputError: it has none.
        """
        return self.model.require_tokenizer()

    def read_tokenizer_config(self) -> TokenizerConfig | None:
        """Return the settings of the model's tokenizer.

        None if the model was saved without its recipe.

        Raises:
            InputError: its recipe.json is not what a run writes.
        """
        recipe = self.model.recipe
        return None if recipe is None else recipe.tokenizer

    def complete_data(self, data: DataConfig) -> DataConfig:
        """Fill in what the model's run was told of its rows, where `data` has the default.

        That is the columns; and, of the same data set, how it is cut: else rows that the model was trained on become
        test.
        """
        trained_on = self.model.training_data
        return data if trained_on is None else complete_data(data, trained_on, self.source)

    def check_splits(self, splits: Mapping[str, Dataset]) -> None:
        """Check that test has no rows that the model was trained on.

        Rows that are known to be in its train, word for word, are logged.

        Raises:
            InputError: the rows are those of the model's run, cut otherwise.
        """
        trained_on, results = self.model.training_data, self.model.results
        known = {} if results is None else results.dataset.texts_sha256
        if trained_on is None or not known:
            return
        found = {name: hash_texts(rows["text"][:]) for name, rows in splits.items()}
        if found["test"] == known["test"]:
            return
        if add_hashes(found.values()) == add_hashes(known.values()):
            told = " ".join(
                f"data.{name}={value}" for name, value in dataclasses.asdict(trained_on).items() if name != "dataset"
            )
            raise InputError(
                f"{self.source} was trained on the same rows, cut otherwise, so that test has rows of its train; cut "
                f"them alike (its run had {told}), or give test rows of their own"
            )
        earlier_texts = load_earlier_texts(trained_on, known)
        if earlier_texts is not None:
            warn_of_seen_rows(splits["test"]["text"][:], earlier_texts, f"the training of {self.source}")

    def resolve(self, labels: Labels, settings: ModelSettings, given: Collection[str] = ()) -> ModelConfig:
        """Return the model's config with the labels of the new rows. It is not calibrated yet.

        Of `settings`, it has how much is read of a text, where `given` names that: see `Recipe.given`.
        """
        config = self.model.config
        read = {name: getattr(settings, name) for name in HOW_MUCH_IS_READ if f"model.{name}" in given}
        return _resolve_with_vocabulary(dataclasses.replace(config, **read), config, labels)

    def copy_weights(self, target: LSTMSentiment) -> BaseModelFacts:
        """Copy the weights into `target`, and return their facts for results.json.

        `resolve` made the config of `target`. The classifier is copied only if the labels are the same ones, as
        evaluation reads them; in another order, its rows are copied in that. Else it answers another question, and
        `target` keeps the one that it has drawn.
        """
        is_alike = self.model.config.is_multi_label == target.config.is_multi_label
        ids = LabelMap.from_model(self.model.config.label_names).find_ids(target.config.label_names)
        ids = ids if is_alike else None
        keeps_classifier = ids is not None
        weights = self.model.state_dict()
        for name in [name for name in weights if name.startswith("classifier.")]:
            if ids is None:
                del weights[name]
            elif not self.model.config.single_logit:
                weights[name] = weights[name][ids]
            elif ids != sorted(ids):
                weights[name] = -weights[name]  # one logit, for the second label
        target.load_state_dict(weights, strict=keeps_classifier)
        left_out = "classifier included"
        if not keeps_classifier:
            left_out = _explain_new_classifier(self.model.config.label_names, target.config.label_names)
            if not is_alike:
                left_out = "but for the classifier: one label for each text is another question than any number of them"
        logger.info("start: the weights of %s, %s", self.source, left_out)
        return BaseModelFacts(
            source=self.source,
            is_on_hub=self.is_on_hub,
            weights_sha256=self.weights_sha256,
            keeps_classifier=keeps_classifier,
            is_language_model=False,
        )


@dataclass(frozen=True)
class BaseLanguageModel:
    """Holds a saved language model to start from, as `BaseModel` holds a classifier."""

    source: str
    """Folder or Hub id."""
    is_on_hub: bool
    saved: SavedLanguageModel

    @property
    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer of the language model."""
        return self.saved.tokenizer

    def read_tokenizer_config(self) -> TokenizerConfig | None:
        """Return the settings of the tokenizer; None if the model was saved without its recipe."""
        return None if self.saved.recipe is None else self.saved.recipe.tokenizer

    def complete_data(self, data: DataConfig) -> DataConfig:
        """Fill in what the language model's run was told of its rows, as `BaseModel.complete_data`.

        It has not read the texts of that run's validation and test. A run on a file without labels was told nothing
        of any rows but that file's.
        """
        if self.saved.recipe is None or not self.saved.has_dataset:
            return data
        return complete_data(data, self.saved.recipe.data, self.source)

    def check_splits(self, splits: Mapping[str, Dataset]) -> None:
        """Check nothing: a language model knows no label of any row."""

    def resolve(self, labels: Labels, settings: ModelSettings, given: Collection[str] = ()) -> ModelConfig:
        """Return the config of a classifier with the language model's network, for these labels.

        What it doesn't determine is that of `settings`, whether `given` names it or not.
        """
        found = self.saved.config
        settings = dataclasses.replace(settings, **{name: getattr(found, name) for name in SET_BY_LANGUAGE_MODEL})
        return _resolve_with_vocabulary(settings, found, labels)

    def copy_weights(self, target: LSTMSentiment) -> BaseModelFacts:
        """Copy embedding and LSTM into `target`, which keeps the rest as drawn; return their facts."""
        missing = target.load_state_dict(self.saved.weights, strict=False).missing_keys
        assert not any(name.startswith(("embedding.", "lstm.")) for name in missing)
        logger.info("start: embedding and LSTM of the language model %s", self.source)
        return BaseModelFacts(
            source=self.source,
            is_on_hub=self.is_on_hub,
            weights_sha256=self.saved.weights_sha256,
            keeps_classifier=False,
            is_language_model=True,
        )


def _explain_new_classifier(found: Sequence[str], wanted: Sequence[str]) -> str:
    """Say why the classifier of a model is not taken over, and what helps if the labels mean the same."""
    why = f"but for the classifier, as its labels are {abbreviate(found)}, and those of the rows {abbreviate(wanted)}"
    if len(found) != len(wanted):
        return why
    return f"{why}; if they mean the same, rename them in the model first: see rename_labels in docs/own_data.md"


def complete_data(data: DataConfig, earlier: DataConfig, source: str) -> DataConfig:
    """Fill in columns and, of the same data set, its cut, as an earlier run had them, where `data` has the default.

    Args:
        data: to be completed.
        earlier: of the earlier run.
        source: the name of its model, for the log.
    """
    if data.dataset != SAMPLE:  # whose columns are its own
        data = data.with_columns(*inherit_columns(Columns(data.text_column, data.label_column), earlier))
    if not is_same_source(data.dataset, earlier.dataset):
        return data
    taken = {
        field.name: value
        for field in dataclasses.fields(DataConfig)
        if field.name != "dataset"
        and getattr(data, field.name) == field.default != (value := getattr(earlier, field.name))
    }
    for name, value in taken.items():
        logger.info("data.%s is %s, as for the training of %s", name, value, source)
    return dataclasses.replace(data, **taken)


def load_base_model(source: str) -> BaseModel | BaseLanguageModel:
    """Load the model to fine-tune, or the language model to start from, from a folder or the Hub.

    Raises:
        InputError: as `LSTMSentiment.from_pretrained`.
    """
    folder = fetch_model_folder(source)
    is_on_hub = not Path(locate_model(source)).is_dir()  # the rule of `fetch_model_folder`
    if is_language_model(folder):
        return BaseLanguageModel(source, is_on_hub, read_language_model(folder))
    digest = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    return BaseModel(source, is_on_hub, LSTMSentiment.from_pretrained(folder), digest)


def check_own_settings(recipe: Recipe, searched: Iterable[str] = ()) -> None:
    """Check the settings that somebody gives or searches for against the model that a recipe starts from.

    Raises:
        InputError: the model determines one of them otherwise, see `check_given`, or can't be found.
    """
    source, tried = recipe.train.base_model, list(searched)
    if source is None or not may_be_determined(recipe, tried):
        return
    folder = fetch_model_folder(source)
    found = is_language_model(folder)
    config = read_language_model_config(folder) if found else read_config(folder)
    check_given(recipe, config, source, is_language_model=found, searched=tried)


def _resolve_with_vocabulary(settings: ModelSettings, vocabulary: NetworkConfig, labels: Labels) -> ModelConfig:
    """Return a complete config, with the vocabulary of a base."""
    return settings.resolve(
        vocab_size=vocabulary.vocab_size,
        label_names=labels.names,
        problem_type=labels.problem_type,
        pad_token_id=vocabulary.pad_token_id,
        unk_token_id=vocabulary.unk_token_id,
    )
