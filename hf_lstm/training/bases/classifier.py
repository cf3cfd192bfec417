"""Starts from a saved classifier, which is fine-tuned: its tokenizer and architecture are taken over, too."""

import dataclasses
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from datasets import Dataset
from tokenizers import Tokenizer

from hf_lstm.config import DataConfig, ModelConfig, Recipe, TokenizerConfig
from hf_lstm.config.model import NO_WEIGHT_DEPENDS_ON, ModelSettings
from hf_lstm.config.overrides import check_given
from hf_lstm.errors import abbreviate
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.results import BaseModelFacts
from hf_lstm.rows.labels import LabelMap
from hf_lstm.sources.label_feature import Labels
from hf_lstm.training.bases.own_rows import complete_data
from hf_lstm.training.bases.seen_rows import check_unseen
from hf_lstm.training.bases.vocabulary import describe_vocabulary

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
        """Check that test has no rows that the model was trained on: see `check_unseen`.

        Raises:
            InputError: the rows are those of the model's run, cut otherwise.
        """
        check_unseen(self.source, self.model.training_data, self.model.results, splits)

    def check_given(self, recipe: Recipe, searched: Iterable[str] = ()) -> None:
        """Check that no setting that was given, or is searched for, differs from what the model determines.

        Raises:
            InputError: one does, see `config.overrides.check_given`.
        """
        check_given(recipe, self.model.config, self.source, is_language_model=False, searched=searched)

    def complete_network(self, settings: ModelSettings, given: Collection[str]) -> ModelSettings:
        """Return the settings of the network that starts from the model.

        They are its own, but for those of `settings` that no weight depends on, where `given` names them: see
        `Recipe.given`.
        """
        open_ones = {name: getattr(settings, name) for name in NO_WEIGHT_DEPENDS_ON if f"model.{name}" in given}
        return dataclasses.replace(self.model.config, **open_ones)

    def resolve(self, labels: Labels, settings: ModelSettings, given: Collection[str] = ()) -> ModelConfig:
        """Return the config of `complete_network` with the labels of the new rows. It is not calibrated yet."""
        config = self.complete_network(settings, given)
        return config.resolve(**describe_vocabulary(self.model.config, labels))

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


def _explain_new_classifier(found: Sequence[str], wanted: Sequence[str]) -> str:
    """Say why the classifier of a model is not taken over, and what helps if the labels mean the same."""
    why = f"but for the classifier, as its labels are {abbreviate(found)}, and those of the rows {abbreviate(wanted)}"
    if len(found) != len(wanted):
        return why
    return f"{why}; if they mean the same, rename them in the model first: see rename_labels in docs/own_data.md"
