"""Starts from a saved language model, of which a classifier takes tokenizer, embedding and LSTM."""

import dataclasses
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from datasets import Dataset
from tokenizers import Tokenizer

from hf_lstm.config import DataConfig, ModelConfig, Recipe, TokenizerConfig
from hf_lstm.config.model import ModelSettings
from hf_lstm.config.overrides import check_given
from hf_lstm.config.pretrain import SET_BY_LANGUAGE_MODEL
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.pretraining.folder import SavedLanguageModel
from hf_lstm.records.results import BaseModelFacts
from hf_lstm.sources.label_feature import Labels
from hf_lstm.training.bases.own_rows import complete_data
from hf_lstm.training.bases.vocabulary import describe_vocabulary

logger = logging.getLogger(__name__)


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

    def check_given(self, recipe: Recipe, searched: Iterable[str] = ()) -> None:
        """Check that no setting differs from what the language model determines, as `BaseModel.check_given`."""
        check_given(recipe, self.saved.config, self.source, is_language_model=True, searched=searched)

    def complete_network(self, settings: ModelSettings, given: Collection[str]) -> ModelSettings:
        """Return the settings of the network that starts from the language model.

        What it doesn't determine is that of `settings`, whether `given` names it or not.
        """
        own = {name: getattr(self.saved.config, name) for name in SET_BY_LANGUAGE_MODEL}
        return dataclasses.replace(settings, **own)

    def resolve(self, labels: Labels, settings: ModelSettings, given: Collection[str] = ()) -> ModelConfig:
        """Return the config of a classifier with the network of `complete_network`, for these labels."""
        network = self.complete_network(settings, given)
        return network.resolve(**describe_vocabulary(self.saved.config, labels))

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
