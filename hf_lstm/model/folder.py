"""What a model folder holds: read without trust, written without half files."""

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize_tensors
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError
from hf_lstm.files import (
    CONFIG_FILE,
    REPORT_FOLDER,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    list_report_files,
    read_json,
    write_file,
    write_json,
)
from hf_lstm.tokenization.build import find_special_ids

ADDED_SETTINGS: Mapping[str, Any] = {
    "temperature": 1.0,
    "embedding_dropout": None,
    "output_dropout": None,
    "word_dropout": 0.0,
    "head_norm": False,
    "single_bias": False,
    "truncation": "first",
}
"""Settings that folders of older versions lack, with the values that mean what those versions did."""

_FLOAT_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def read_config(folder: Path) -> ModelConfig:
    """Return the model config of a folder.

    Raises:
        InputError: it is damaged, has a value of the wrong type or range, or lacks the vocabulary's size or the labels.
    """
    path = folder / CONFIG_FILE
    values = {name: value for name, value in read_json(path).items() if name != "model_type"}
    values = {**ADDED_SETTINGS, **values}
    known = set(ModelConfig.__dataclass_fields__)
    if known != set(values):  # a default in the place of a lost setting would give wrong answers
        missing, unknown = sorted(known - set(values)), sorted(set(values) - known)
        raise InputError(f"{path}: settings missing: {missing or 'none'}, not known: {unknown or 'none'}")
    try:
        config = ModelConfig(**values)
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: {error}") from None
    if config.vocab_size is None or config.id2label is None:
        raise InputError(f"{path} lacks vocab_size or id2label; expected the config of a saved LSTMSentiment")
    return config


def read_tokenizer(folder: Path, config: ModelConfig) -> Tokenizer:
    """Return the tokenizer of a folder.

    Raises:
        InputError: it is damaged, or its size differs from the embedding's rows.
    """
    path = folder / TOKENIZER_FILE
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare `Exception` on damaged files
        raise InputError(f"{path} is not a tokenizer: {error}") from None
    if tokenizer.get_vocab_size() != config.vocab_size:
        raise InputError(f"{path} has {tokenizer.get_vocab_size()} entries, but {CONFIG_FILE} says {config.vocab_size}")
    vocab = tokenizer.get_vocab()
    if set(vocab.values()) != set(range(len(vocab))):
        raise InputError(f"{path}: the ids of its {len(vocab)} entries are not 0 to {len(vocab) - 1}, each once")
    special_ids = dict(zip(("pad_token_id", "unk_token_id"), find_special_ids(tokenizer), strict=True))
    for name, token_id in special_ids.items():
        if getattr(config, name) != token_id:
            raise InputError(f"{path}: gives {name} {token_id}, but {CONFIG_FILE} says {getattr(config, name)}")
    return tokenizer


def read_weights(folder: Path, expected_shapes: Mapping[str, torch.Size]) -> dict[str, torch.Tensor]:
    """Return the weights of a folder in float32 on the CPU, by name: exactly those expected, in their shapes.

    Names, shapes and dtypes are compared with the file's header before any tensor is read.

    Raises:
        InputError: the file is damaged, holds other tensors than expected, or values that are not finite.
    """
    path = folder / WEIGHTS_FILE
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            names = set(file.keys())
            if names != set(expected_shapes):
                missing, unknown = sorted(set(expected_shapes) - names), sorted(names - set(expected_shapes))
                raise InputError(f"{path}: tensors missing: {missing or 'none'}, not expected: {unknown or 'none'}")
            for name, shape in expected_shapes.items():
                header = file.get_slice(name)
                if tuple(header.get_shape()) != tuple(shape):
                    raise InputError(
                        f"{path}: {name} is {header.get_shape()}, but {CONFIG_FILE} makes it {list(shape)}"
                    )
                if header.get_dtype() not in _FLOAT_DTYPES:
                    kinds = ", ".join(_FLOAT_DTYPES.values())
                    raise InputError(f"{path}: {name} is {header.get_dtype()}, expected one of {kinds}")
            weights = {name: file.get_tensor(name).float() for name in expected_shapes}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is not a safetensors file: {error}") from None
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise InputError(
                f"{path}: {name} holds values that are not finite; the file is damaged or training diverged"
            )
    return weights


def write_weights(folder: Path, state: Mapping[str, torch.Tensor], dtype: torch.dtype) -> str:
    """Write the weights in `dtype`, each tensor on its own, and return the file's SHA-256.

    cuDNN flattens LSTM weights into views of one buffer, which safetensors' own `save_model` refuses; copies that own
    their memory are always written whole.
    """
    tensors = {name: tensor.detach().to("cpu", dtype).clone().contiguous() for name, tensor in state.items()}
    content = serialize_tensors(tensors, metadata={"format": "pt"})
    write_file(folder / WEIGHTS_FILE, content)
    return hashlib.sha256(content).hexdigest()


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write the model config, with the class and package that read it."""
    write_json(folder / CONFIG_FILE, {"model_type": "hf_lstm", **dataclasses.asdict(config)})


def carry_report(source: Path | None, target: Path) -> None:
    """Make the report in the model folder `target` that of `source`.

    Args:
        source: a model folder; None if nothing is told of the weights in `target`, so that no report stays there.
        target: a model folder, which may be `source` itself.
    """
    if source is not None and source.resolve() == target.resolve():
        return
    contents = {path.name: path.read_bytes() for path in list_report_files(source)} if source is not None else {}
    for path in list_report_files(target):  # it tells of other weights
        if path.name not in contents:
            path.unlink()
    if contents:
        (target / REPORT_FOLDER).mkdir(exist_ok=True)
    for name, content in contents.items():
        write_file(target / REPORT_FOLDER / name, content)
