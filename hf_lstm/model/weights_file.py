"""Reads a file of weights without trust, and writes one.

What its header says is compared with what the config makes of it, before any tensor is read.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize_tensors

from hf_lstm.errors import InputError, abbreviate, shorten
from hf_lstm.files.names import CONFIG_FILE, WEIGHTS_FILE
from hf_lstm.files.reading import build_object, open_regular_file
from hf_lstm.files.writing import write_file
from hf_lstm.runtime.memory import measure_free_bytes

MAX_HEADER_BYTES = 2**22
"""A thousand tensors have a tenth of a megabyte."""
_FLOATS: Mapping[str, tuple[str, int]] = {"F32": ("float32", 4), "F16": ("float16", 2), "BF16": ("bfloat16", 2)}
"""Name and bytes of the number formats that weights may have."""


def read_weights(folder: Path, expected_shapes: Mapping[str, torch.Size]) -> dict[str, torch.Tensor]:
    """Read the weights of a folder by name, in float32 on the CPU.

    They are exactly those expected, in their shapes.

    Raises:
        InputError: the file is damaged, holds other tensors than expected or values that are not finite, or needs more
            memory than there is.
    """
    path = folder / WEIGHTS_FILE
    _check_header(path, expected_shapes)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            weights = {name: file.get_tensor(name).float() for name in expected_shapes}
    except SafetensorError as error:
        raise InputError(f"{path} is not a safetensors file: {shorten(error)}") from None
    except (OSError, RuntimeError) as error:  # the latter is PyTorch's, which opens the file once more
        raise InputError(f"{path} cannot be read: {shorten(error)}") from None
    except MemoryError:
        raise InputError(f"{path} needs more memory than there is") from None
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise InputError(
                f"{path}: {name} holds values that are not finite; the file is damaged or training diverged"
            )
    return weights


def _check_header(path: Path, expected_shapes: Mapping[str, torch.Size]) -> None:
    """Check the header of a file of weights, and read nothing else of it.

    Raises:
        InputError: it is damaged, has a tensor twice or others than expected, or they need more memory than there is.
    """
    header = _read_header(path)
    header.pop("__metadata__", None)
    if header.keys() != expected_shapes.keys():
        missing, unknown = expected_shapes.keys() - header.keys(), header.keys() - expected_shapes.keys()
        raise InputError(
            f"{path}: tensors missing: {abbreviate(sorted(missing)) or 'none'}, not expected: "
            f"{abbreviate(sorted(unknown)) or 'none'}"
        )
    num_bytes = 0
    for name, shape in expected_shapes.items():
        said = header[name] if isinstance(header[name], dict) else {}
        if said.get("shape") != list(shape):
            raise InputError(
                f"{path}: {name} is {shorten(said.get('shape'))}, but {CONFIG_FILE} makes it {list(shape)}"
            )
        dtype = said.get("dtype")
        if not isinstance(dtype, str) or dtype not in _FLOATS:
            kinds = ", ".join(kind for kind, _ in _FLOATS.values())
            raise InputError(f"{path}: {name} is {shorten(dtype)}, expected one of {kinds}")
        num_bytes += 4 * shape.numel() + (0 if dtype == "F32" else _FLOATS[dtype][1] * shape.numel())
    free_bytes = measure_free_bytes()
    if free_bytes is not None and num_bytes > free_bytes:
        raise InputError(f"{path} needs {num_bytes:,} bytes of memory, but {free_bytes:,} are free")


def write_weights(folder: Path, state: Mapping[str, torch.Tensor], dtype: torch.dtype) -> str:
    """Write the weights in `dtype`, and return the file's SHA-256.

    cuDNN flattens LSTM weights into views of one buffer, which safetensors' own `save_model` refuses. So each tensor is
    copied, and written whole.
    """
    tensors = {name: tensor.detach().to("cpu", dtype).clone().contiguous() for name, tensor in state.items()}
    content = serialize_tensors(tensors, metadata={"format": "pt"})
    write_file(folder / WEIGHTS_FILE, content)
    return hashlib.sha256(content).hexdigest()


def _read_header(path: Path) -> dict[str, Any]:
    """Read the header of a safetensors file, as JSON.

    The format: 8 bytes with its length, then the header, then the tensors.
    """
    try:
        with open_regular_file(path) as file:
            start = file.read(8)
            num_bytes = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 0 < num_bytes <= MAX_HEADER_BYTES:
                raise InputError(f"{path} is not a safetensors file: its header has {num_bytes:,} bytes")
            content = file.read(num_bytes)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    try:
        header = json.loads(content.decode("utf-8"), object_pairs_hook=build_object)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a safetensors file: its header is no JSON: {shorten(error)}") from None
    if not isinstance(header, dict):
        raise InputError(f"{path} is not a safetensors file: its header is no JSON object")
    return header
