"""Loads the saved model that a run starts from, whichever kind it is."""

from collections.abc import Iterable
from pathlib import Path

from hf_lstm.config import Recipe
from hf_lstm.config.overrides import check_given, may_be_determined
from hf_lstm.files.names import WEIGHTS_FILE
from hf_lstm.files.reading import hash_file
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.folder import read_config
from hf_lstm.pretraining.folder import is_language_model, read_language_model, read_language_model_config
from hf_lstm.shipped import locate_model
from hf_lstm.training.bases.classifier import BaseModel
from hf_lstm.training.bases.language_model import BaseLanguageModel

Base = BaseModel | BaseLanguageModel


def load_base_model(source: str) -> Base:
    """Load the model to fine-tune, or the language model to start from, from a folder or the Hub.

    Raises:
        InputError: as `LSTMSentiment.from_pretrained`.
    """
    folder = fetch_model_folder(source)
    is_on_hub = not Path(locate_model(source)).is_dir()  # the rule of `fetch_model_folder`
    if is_language_model(folder):
        return BaseLanguageModel(source, is_on_hub, read_language_model(folder))
    digest = hash_file(folder / WEIGHTS_FILE)
    return BaseModel(source, is_on_hub, LSTMSentiment.from_pretrained(folder), digest)


def check_own_settings(recipe: Recipe, searched: Iterable[str] = ()) -> None:
    """Check the settings that somebody gives or searches for against the model that a recipe starts from.

    Only its config is read, so that this costs little before anything is loaded: see `BaseModel.check_given`.

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
