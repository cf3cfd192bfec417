"""Divides a state into tensors and JSON, and writes tensors without a copy of them all."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

_TENSOR, _ITEMS = "$tensor", "$items"

_DTYPE_NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
"""As the header of a safetensors file has them: https://github.com/huggingface/safetensors#format"""


def divide_state(state: Any) -> tuple[dict[str, Tensor], Any]:
    """Divide a state into its tensors, by name, and a JSON value that says where each belongs.

    Tuples become lists. Keys of a dictionary may be numbers, as those of an optimizer's state are.

    Raises:
        TypeError: it holds something else than dictionaries, lists, tuples, tensors, texts, numbers, bools and None.
    """
    tensors: dict[str, Tensor] = {}

    def divide(value: Any, place: str) -> Any:
        if isinstance(value, Tensor):
            tensors[place] = value
            return {_TENSOR: place}
        if isinstance(value, Mapping):
            items = [(key, divide(each, f"{place}.{key}" if place else str(key))) for key, each in value.items()]
            is_plain = all(isinstance(key, str) for key in value) and not {_TENSOR, _ITEMS} & set(value)
            return dict(items) if is_plain else {_ITEMS: items}
        if isinstance(value, list | tuple):
            return [divide(each, f"{place}.{index}") for index, each in enumerate(value)]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"{place or 'the state'} is {type(value).__name__}, which is neither a tensor nor JSON")

    return tensors, divide(state, "")


def join_state(tensors: Mapping[str, Tensor], said: Any) -> Any:
    """Put a state together again, from what `divide_state` made of it."""
    if isinstance(said, list):
        return [join_state(tensors, each) for each in said]
    if not isinstance(said, dict):
        return said
    if set(said) == {_TENSOR}:
        return tensors[said[_TENSOR]]
    items = said[_ITEMS] if set(said) == {_ITEMS} else said.items()
    return {key: join_state(tensors, each) for key, each in items}


def stream_tensors(tensors: Mapping[str, Tensor]) -> tuple[Iterator[bytes | memoryview], int]:
    """Return the content of a safetensors file chunk by chunk, and how many bytes it has.

    safetensors' own functions copy all tensors into one buffer, which a large model has no memory for, or write past
    Python, so that nobody can hash what goes to the disk or test what a death in between leaves.
    """
    # Those with the largest elements first, so that each begins at a multiple of its element's size.
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in ordered:
        start, end = end, end + tensor.numel() * tensor.element_size()
        dtype = _DTYPE_NAMES[tensor.dtype]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [start, end]}
    described = json.dumps(header, separators=(",", ":")).encode()
    described += b" " * (-len(described) % 8)

    def stream() -> Iterator[bytes | memoryview]:
        yield len(described).to_bytes(8, "little") + described
        for _, tensor in ordered:
            flat = tensor.detach().to("cpu").contiguous().reshape(-1)
            if flat.numel():  # a view of no elements cannot be taken
                yield flat.view(torch.uint8).numpy().data

    return stream(), 8 + len(described) + end
