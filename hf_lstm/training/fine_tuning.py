"""A saved model as what training starts from: its tokenizer, its architecture, and its weights."""

import dataclasses
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig, TokenizerConfig
from hf_lstm.errors import InputError
from hf_lstm.files import WEIGHTS_FILE
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.classifier import LSTMSentiment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StartingPoint:
    """A model to fine-tune."""

    source: str
    """Folder or Hub id."""
    is_on_hub: bool
    """Whether `source` is a Hub id: later, or on another machine, its form alone does not tell."""
    model: LSTMSentiment
    weights_sha256: str

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer, which a saved model always has."""
        assert self.model.tokenizer is not None
        return self.model.tokenizer

    def read_tokenizer_config(self) -> TokenizerConfig | None:
        """Return how the tokenizer was made, None if the model was saved without its recipe.

        Raises:
            InputError: its recipe does not say so.
        """
        if self.model.recipe is None:
            return None
        try:
            return TokenizerConfig(**self.model.recipe["tokenizer"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"recipe.json of {self.source} does not say how its words are found: {error}") from None

    def resolve(self, label_names: Sequence[str]) -> ModelConfig:
        """Return the model's own config with the labels of the new rows, not calibrated yet."""
        config = self.model.config
        assert config.vocab_size is not None
        resolved = config.resolve(
            vocab_size=config.vocab_size,
            label_names=label_names,
            pad_token_id=config.pad_token_id,
            unk_token_id=config.unk_token_id,
        )
        return dataclasses.replace(resolved, temperature=1.0)

    def copy_weights(self, target: LSTMSentiment) -> dict[str, Any]:
        """Copy the weights into `target`, whose config `resolve` made, and return what results.json says of it.

        The classifier is copied only if the labels are the same ones in the same order: else it answers another
        question, and `target` keeps the one that it has drawn.
        """
        keeps_classifier = target.config.id2label == self.model.config.id2label
        weights = {
            name: tensor
            for name, tensor in self.model.state_dict().items()
            if keeps_classifier or not name.startswith("classifier.")
        }
        target.load_state_dict(weights, strict=keeps_classifier)
        logger.info(
            "start: the weights of %s, %s",
            self.source,
            "classifier included" if keeps_classifier else "but for the classifier, as the labels differ",
        )
        return {
            "source": self.source,
            "is_on_hub": self.is_on_hub,
            "weights_sha256": self.weights_sha256,
            "keeps_classifier": keeps_classifier,
        }


def load_starting_point(source: str) -> StartingPoint:
    """Return the model of a Hub id or folder as a starting point.

    Raises:
        InputError: as `LSTMSentiment.from_pretrained`.
    """
    folder = fetch_model_folder(source)
    digest = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    is_on_hub = not Path(source).is_dir()  # as `fetch_model_folder` tells them apart
    return StartingPoint(source, is_on_hub, LSTMSentiment.from_pretrained(folder), digest)
