"""Reads a model folder without trust, and writes it without half files."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig
from hf_lstm.config.model import SINGLE_LABEL, NetworkConfig
from hf_lstm.config.pretrain import LANGUAGE_MODEL_TYPE
from hf_lstm.errors import InputError, abbreviate, shorten
from hf_lstm.files.names import CONFIG_FILE, REMOTE_FILES, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE
from hf_lstm.files.reading import read_bytes, read_json
from hf_lstm.files.writing import write_file, write_json
from hf_lstm.model.weights_file import write_weights
from hf_lstm.remote.settings import FOR_TRANSFORMERS, describe_tokenizer, drop_transformers_fields, read_remote_module
from hf_lstm.tokenization.build import find_special_ids
from hf_lstm.tokenization.saved import check_tokenizer, parse_tokenizer

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


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write the model config, with the class and package that read it."""
    write_json(folder / CONFIG_FILE, {"model_type": "hf_lstm", **FOR_TRANSFORMERS, **config.to_json()})
