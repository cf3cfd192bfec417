"""Reads a model folder without trust, and writes it without half files."""

import dataclasses
import functools
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from hf_lstm.config import DataConfig, ModelConfig, Recipe
from hf_lstm.config.model import SINGLE_LABEL, NetworkConfig
from hf_lstm.config.pretrain import LANGUAGE_MODEL_TYPE
from hf_lstm.errors import InputError, abbreviate, shorten
from hf_lstm.file_names import (
    CONFIG_FILE,
    METRICS_FILE,
    PLACES_FILE,
    RECIPE_FILE,
    REMOTE_FILES,
    REPORT_FOLDER,
    RESULTS_FILE,
    TOKENIZER_CONFIG_FILE,
    TOKENIZER_FILE,
    list_report_files,
)
from hf_lstm.files import (
    MAX_TEXT_BYTES,
    read_bytes,
    read_json,
    read_json_if_there,
    refuse_outside_link,
    write_file,
    write_json,
)
from hf_lstm.model.weights_file import write_weights
from hf_lstm.records.places import list_places, strip_recipe, strip_results
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.renaming import rename_labels
from hf_lstm.records.results import RunResults
from hf_lstm.remote.settings import FOR_TRANSFORMERS, describe_tokenizer, drop_transformers_fields, read_remote_module
from hf_lstm.tokenization.build import find_special_ids
from hf_lstm.tokenization.saved import check_tokenizer, parse_tokenizer

logger = logging.getLogger(__name__)

_ADDED_LATER = {"embedding_dropout_mask": "value", "words_per_step": 1, "direction_dropout": 0.0}
"""Settings that earlier models lack, with what these had. They change no answer, or the shapes of the weights, too."""
_OF_ANY_NUMBER = {"problem_type": SINGLE_LABEL, "thresholds": None}
"""What models lack that give each text one label; others have both."""
_MAX_TOKENIZER_BYTES = 64 * 2**20
_MAX_TOKENIZER_BYTES_WITHOUT_WORDS, _MAX_BYTES_PER_WORD = 2 * 2**20, 256
"""Each word stands in the vocabulary, and maybe in the pattern, too."""


def read_config(folder: Path) -> ModelConfig:
    """Read the model config of a folder.

    Raises:
        InputError: it is damaged, has a value of the wrong type or range, or lacks the vocabulary's size or the labels.
    """
    path = folder / CONFIG_FILE
    values = read_json(path)
    if values.pop("model_type", None) == LANGUAGE_MODEL_TYPE:
        raise InputError(
            f"{folder} is a language model, which classifies nothing; train a classifier from it with "
            f"hf-lstm train --init-from {folder}"
        )
    drop_transformers_fields(values)
    values = {**_ADDED_LATER, **({} if _OF_ANY_NUMBER.keys() & values.keys() else _OF_ANY_NUMBER), **values}
    known = set(ModelConfig.__dataclass_fields__)
    if known != set(values):  # a default in the place of a lost setting would give wrong answers
        missing, unknown = sorted(known - set(values)), sorted(set(values) - known)
        raise InputError(
            f"{path}: settings missing: {abbreviate(missing) or 'none'}, not known: {abbreviate(unknown) or 'none'}"
        )
    try:
        return ModelConfig(**values)
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: {error}") from None


def read_tokenizer(folder: Path, config: NetworkConfig) -> Tokenizer:
    """Read the tokenizer of a folder.

    Raises:
        InputError: it is damaged, has a part that is not known to be harmless, or its size differs from the embedding's
            rows.
    """
    path = folder / TOKENIZER_FILE
    max_bytes = min(_MAX_TOKENIZER_BYTES, _MAX_TOKENIZER_BYTES_WITHOUT_WORDS + _MAX_BYTES_PER_WORD * config.vocab_size)
    tokenizer = parse_tokenizer(read_bytes(path, max_bytes), str(path))
    if tokenizer.get_vocab_size() != config.vocab_size:
        raise InputError(f"{path} has {tokenizer.get_vocab_size()} entries, but {CONFIG_FILE} says {config.vocab_size}")
    vocab = tokenizer.get_vocab()
    if set(vocab.values()) != set(range(len(vocab))):
        raise InputError(f"{path}: the ids of its {len(vocab)} entries are not 0 to {len(vocab) - 1}, each once")
    special_ids = dict(zip(("pad_token_id", "unk_token_id"), find_special_ids(tokenizer), strict=True))
    for name, token_id in special_ids.items():
        if getattr(config, name) != token_id:
            raise InputError(f"{path}: gives {name} {token_id}, but {CONFIG_FILE} says {getattr(config, name)}")
    unk_token = tokenizer.model.unk_token  # None in byte pairs, to which no text is unknown
    if unk_token is not None and tokenizer.token_to_id(unk_token) != special_ids["unk_token_id"]:
        raise InputError(
            f"{path}: its model takes {shorten(unk_token, 40)!r} for unknown words, but {CONFIG_FILE} says "
            f"unk_token_id {special_ids['unk_token_id']}"
        )
    return tokenizer


@dataclasses.dataclass(frozen=True)
class Provenance:
    """Says where weights come from.

    The files beside them say it, and are not checked before somebody asks.
    """

    folder: Path | None = None
    """The model folder; None for weights that were not loaded."""
    recipe_json: Mapping[str, Any] | None = None
    """Like `results_json` without folders of this machine."""
    results_json: Mapping[str, Any] | None = None
    places: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What local.json holds: paths on this machine by setting, such as `data.dataset`."""
    has_report: bool = True
    """Whether the report of the folder, if there is one, tells of these weights and labels."""

    @functools.cached_property
    def recipe(self) -> Recipe | None:
        """Return the recipe of the weights; None if nothing says it.

        Raises:
            InputError: recipe.json is not what a run writes.
        """
        return None if self.recipe_json is None else Recipe.from_json(self.recipe_json, RECIPE_FILE)

    @functools.cached_property
    def results(self) -> RunResults | None:
        """Return the results measured of the weights; None if nothing says them.

        Raises:
            InputError: results.json is not what a run writes.
        """
        return None if self.results_json is None else read_record(RunResults, self.results_json, RESULTS_FILE)

    @property
    def training_data(self) -> DataConfig | None:
        """Return the recipe's settings of the data, with the paths of what is still on this machine."""
        return None if self.recipe is None else locate_data(self.recipe.data, self.places)

    def rename_labels(self, names: Mapping[str, str], config: ModelConfig) -> "Provenance":
        """Rename labels in recipe and results; the report, whose plots show the old names, is dropped.

        Args:
            names: the new names by the old ones.
            config: of the model, with the new names.

        Raises:
            InputError: results.json is not what a run writes.
        """
        results = self.results
        return dataclasses.replace(
            self,
            recipe_json=_name_labels(self.recipe_json, config),
            results_json=None if results is None else to_json(rename_labels(results, names)),
            has_report=False,
        )

    def drop_stale_results(self, weights_sha256: str, config: ModelConfig) -> "Provenance":
        """Drop results and report, unless they are of these weights, and of the labels of `config`."""
        if self.results_json is not None:
            if self.results_json.get("weights_sha256", weights_sha256) != weights_sha256:
                logger.warning("the weights are not those that were measured: results.json and the card leave them out")
            elif self.results is not None and not self.results.is_of_labels(config.label_names):
                logger.warning(
                    "the labels are not those that were measured: results.json and the card leave them out; to keep "
                    "the figures under other names, use model.rename_labels"
                )
            else:
                return self
        return Provenance(recipe_json=_name_labels(self.recipe_json, config))


def _name_labels(recipe_json: Mapping[str, Any] | None, config: ModelConfig) -> Mapping[str, Any] | None:
    """Give a recipe the labels of a model, if it has any."""
    settings = None if recipe_json is None else recipe_json.get("model")
    if recipe_json is None or not isinstance(settings, Mapping) or "id2label" not in settings:
        return recipe_json
    id2label = {str(index): name for index, name in config.id2label.items()}
    return {**recipe_json, "model": {**settings, "id2label": id2label}}


def locate_data(data: DataConfig, places: Mapping[str, Any]) -> DataConfig:
    """Return the settings of data with the paths of those that are still on this machine.

    Args:
        data: with names alone.
        places: what local.json holds.
    """
    paths: dict[str, Any] = {
        name: path
        for name in ("dataset", "group_file")
        if isinstance(path := places.get(f"data.{name}"), str) and Path(path).exists()
    }
    return dataclasses.replace(data, **paths)


def read_provenance(folder: Path) -> Provenance:
    """Read where a folder's weights come from.

    Raises:
        InputError: a file is not a JSON object.
    """
    names = (RECIPE_FILE, RESULTS_FILE, PLACES_FILE)
    recipe, results, places = (read_json_if_there(folder / name) for name in names)
    if recipe is not None:
        places = {**list_places(recipe), **(places or {})}  # runs of version 0.1 have the paths in recipe.json
    return Provenance(
        folder,
        None if recipe is None else strip_recipe(recipe, results),
        None if results is None else strip_results(results),
        places or {},
    )


def write_model(folder: Path, state: Mapping[str, torch.Tensor], config: ModelConfig, tokenizer: Tokenizer) -> str:
    """Write weights, tokenizer, config and what transformers needs, and return the weights' SHA-256.

    Raises:
        InputError: the tokenizer has parts with which the folder would not be loaded again.
    """
    check_tokenizer(json.loads(tokenizer.to_str()), "the tokenizer of the model")
    digest = write_weights(folder, state, getattr(torch, config.dtype))
    write_file(folder / TOKENIZER_FILE, tokenizer.to_str(pretty=True).encode())
    write_config(folder, config)
    write_json(folder / TOKENIZER_CONFIG_FILE, describe_tokenizer(tokenizer, config))
    for name in REMOTE_FILES:
        write_file(folder / name, read_remote_module(name))
    return digest


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Write recipe, results and report into a folder.

    What stood there of other weights goes.
    """
    for name, said in ((RECIPE_FILE, provenance.recipe_json), (RESULTS_FILE, provenance.results_json)):
        if said is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_json(folder / name, said)
    if provenance.folder is None or provenance.folder.resolve() != folder.resolve():
        (folder / PLACES_FILE).unlink(missing_ok=True)
    has_report = provenance.has_report and provenance.results_json is not None
    replace_report(provenance.folder if has_report else None, folder)


def list_stale_files(folder: Path, provenance: Provenance) -> list[str]:
    """List what a folder holds of other weights than those that are written into it, as paths within it.

    `provenance` is that of the weights to write, as they were loaded.
    """
    report = [path.relative_to(folder).as_posix() for path in list_report_files(folder)]
    if provenance.folder is not None and provenance.folder.resolve() == folder.resolve():
        return [RECIPE_FILE, RESULTS_FILE, *report]
    return [RECIPE_FILE, RESULTS_FILE, PLACES_FILE, METRICS_FILE, *report]


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write the model config, with the class and package that read it."""
    write_json(folder / CONFIG_FILE, {"model_type": "hf_lstm", **FOR_TRANSFORMERS, **config.to_json()})


def replace_report(source: Path | None, target: Path) -> None:
    """Replace the report in the model folder `target` by that of `source`.

    Args:
        source: a model folder; None to leave no report in `target`.
        target: a model folder, which may be `source` itself.
    """
    if source is not None and source.resolve() == target.resolve():
        return
    contents = {}
    if source is not None:
        for path in list_report_files(source):
            refuse_outside_link(source, path)
            contents[path.name] = read_bytes(path, MAX_TEXT_BYTES)
    for path in list_report_files(target):  # it tells of other weights
        if path.name not in contents:
            path.unlink()
    if contents:
        (target / REPORT_FOLDER).mkdir(exist_ok=True)
    for name, content in contents.items():
        write_file(target / REPORT_FOLDER / name, content)
