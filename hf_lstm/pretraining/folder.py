"""Writes the folder of a language model, and reads it without trust."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from hf_lstm.config.model import NetworkConfig
from hf_lstm.config.pretrain import LANGUAGE_MODEL_TYPE, PretrainRecipe
from hf_lstm.errors import InputError, shorten
from hf_lstm.files.names import CONFIG_FILE, PLACES_FILE, RECIPE_FILE, RESULTS_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from hf_lstm.files.reading import hash_file, read_json, read_json_if_there
from hf_lstm.files.writing import write_file, write_json
from hf_lstm.model.folder import read_tokenizer
from hf_lstm.model.provenance import locate_data
from hf_lstm.model.weights_file import read_weights, write_weights
from hf_lstm.pretraining.language_model import LanguageModel
from hf_lstm.records.pretraining import PretrainResults
from hf_lstm.records.reading import read_record


@dataclass(frozen=True)
class SavedLanguageModel:
    """Holds what a classifier starts from."""

    config: NetworkConfig
    tokenizer: Tokenizer
    recipe: PretrainRecipe | None
    """None if the folder does not say it. Its data set is the path of what is still on this machine."""
    has_dataset: bool
    """Whether it has read the recipe's data set, and not a file without labels alone."""
    weights: dict[str, Tensor]
    """Those of embedding and LSTM by name, float32."""
    weights_sha256: str
    """Of the whole file."""


def is_language_model(folder: Path) -> bool:
    """Tell whether a folder holds a language model, and not a classifier."""
    return (read_json_if_there(folder / CONFIG_FILE) or {}).get("model_type") == LANGUAGE_MODEL_TYPE


def write_language_model(folder: Path, model: LanguageModel, tokenizer: Tokenizer) -> str:
    """Write weights, tokenizer and config, and return the weights' SHA-256."""
    digest = write_weights(folder, model.state_dict(), torch.float32)
    write_file(folder / TOKENIZER_FILE, tokenizer.to_str(pretty=True).encode())
    write_json(folder / CONFIG_FILE, {"model_type": LANGUAGE_MODEL_TYPE, **dataclasses.asdict(model.config)})
    return digest


def read_language_model_config(folder: Path) -> NetworkConfig:
    """Read the config of a language model.

    Raises:
        InputError: it is damaged.
    """
    path = folder / CONFIG_FILE
    values = {name: value for name, value in read_json(path).items() if name != "model_type"}
    try:
        return NetworkConfig(**values)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {shorten(error)}") from None


def read_language_model(folder: Path) -> SavedLanguageModel:
    """Read a language model for a classifier to start from.

    Raises:
        InputError: a file is missing or damaged, or they don't fit each other; the message names the file.
    """
    config = read_language_model_config(folder)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in LanguageModel(config).state_dict().items()}
    weights = read_weights(folder, shapes)
    tokenizer = read_tokenizer(folder, config)
    digest = hash_file(folder / WEIGHTS_FILE)
    kept = {name: tensor for name, tensor in weights.items() if name.startswith(("embedding.", "lstm."))}
    return SavedLanguageModel(config, tokenizer, _read_recipe(folder), _has_dataset(folder), kept, digest)


def _read_recipe(folder: Path) -> PretrainRecipe | None:
    path = folder / RECIPE_FILE
    if (saved := read_json_if_there(path)) is None:
        return None
    recipe = PretrainRecipe.from_json(saved, str(path))
    places = read_json_if_there(folder / PLACES_FILE) or {}
    return dataclasses.replace(recipe, data=locate_data(recipe.data, places))


def _has_dataset(folder: Path) -> bool:
    path = folder / RESULTS_FILE
    saved = read_json_if_there(path)
    return saved is None or read_record(PretrainResults, saved, str(path)).texts.dataset is not None
