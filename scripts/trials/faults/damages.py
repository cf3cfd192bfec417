"""Lists what can be wrong with the files of a model folder, each damage as a function that does it."""

import json
import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from hf_lstm.files.names import CONFIG_FILE, RECIPE_FILE, RESULTS_FILE, TOKENIZER_FILE, WEIGHTS_FILE

Damage = Callable[[Path], object]

_DEEP = '{"a":' * 100_000 + "1" + "}" * 100_000
_BIAS = "classifier.bias"


def edit_json(name: str, edit: Callable[[dict[str, Any]], object]) -> Damage:
    """Return a damage that edits what a JSON file holds."""

    def damage(folder: Path) -> None:
        value = json.loads((folder / name).read_text())
        edit(value)
        (folder / name).write_text(json.dumps(value))

    return damage


def set_config(**changes: Any) -> Damage:
    """Return a damage that changes settings of config.json."""
    return edit_json(CONFIG_FILE, lambda config: config.update(changes))


def set_tokenizer(**changes: Any) -> Damage:
    """Return a damage that replaces parts of the tokenizer."""
    return edit_json(TOKENIZER_FILE, lambda tokenizer: tokenizer.update(changes))


def normalize(*steps: dict[str, Any]) -> Damage:
    """Return a damage that gives the tokenizer a normalizer."""
    return set_tokenizer(normalizer={"type": "Sequence", "normalizers": list(steps)})


def split_at(pattern: str) -> Damage:
    """Return a damage that has the tokenizer split at a pattern."""
    splitter = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True}
    return set_tokenizer(pre_tokenizer=splitter)


def write(name: str, content: str | bytes) -> Damage:
    """Return a damage that replaces a file."""
    return lambda folder: (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def make_sparse(name: str, num_bytes: int) -> Damage:
    """Return a damage that replaces a file by a huge one, which takes no room on the disk."""

    def damage(folder: Path) -> None:
        with open(folder / name, "wb") as file:
            file.truncate(num_bytes)

    return damage


def replace_special(name: str, make: Callable[[Path], object]) -> Damage:
    """Return a damage that replaces a file by what `make` makes at its path."""

    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return damage


def edit_header(edit: Callable[[str], str]) -> Damage:
    """Return a damage that edits the header of the weights, as text."""

    def damage(folder: Path) -> None:
        content = (folder / WEIGHTS_FILE).read_bytes()
        end = 8 + struct.unpack("<Q", content[:8])[0]
        header = edit(content[8:end].decode()).encode()
        (folder / WEIGHTS_FILE).write_bytes(struct.pack("<Q", len(header)) + header + content[end:])

    return damage


def edit_weights(edit: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    """Return a damage that edits the tensors."""

    def damage(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS_FILE)
        edit(tensors)
        save_file(tensors, folder / WEIGHTS_FILE)

    return damage


def name_tensor_twice(header: str) -> str:
    """Name the bias of a header once more."""
    return f"{header.rstrip()[:-1]}, {json.dumps(_BIAS)}: {json.dumps(json.loads(header)[_BIAS])}}}"


def fit_huge_config(folder: Path) -> None:
    """Write a config of 8,192 units, and sparse weights that fit it."""
    from hf_lstm.config import ModelConfig
    from hf_lstm.nn.network import LSTMNetwork

    set_config(hidden_size=8192, embedding_dim=8192, num_layers=60, dtype="float32")(folder)
    config = json.loads((folder / CONFIG_FILE).read_text())
    config.pop("model_type")
    with torch.device("meta"):
        shapes = {name: list(tensor.shape) for name, tensor in LSTMNetwork(ModelConfig(**config)).state_dict().items()}
    header, start = {}, 0
    for name, shape in shapes.items():
        end = start + 4 * torch.Size(shape).numel()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
        start = end
    content = json.dumps(header).encode()
    with open(folder / WEIGHTS_FILE, "wb") as file:
        file.write(struct.pack("<Q", len(content)) + content)
        file.truncate(8 + len(content) + start)


def _list_large() -> Mapping[str, Damage]:
    names = (CONFIG_FILE, RECIPE_FILE, RESULTS_FILE, TOKENIZER_FILE, WEIGHTS_FILE)
    sparse = {f"{name} of 20 GB": make_sparse(name, 20 * 2**30) for name in names}
    large = {f"{name} of 50 MB of lists": write(name, '{"a":[' + "[]," * 17_000_000 + "1]}") for name in names[:3]}
    return {
        **sparse,
        **large,
        "weights of 200 GB": make_sparse(WEIGHTS_FILE, 200 * 2**30),
        "a tokenizer of 50 MB": write(TOKENIZER_FILE, '{"a":"' + "a" * 50_000_000 + '"}'),
        "weights of 60 layers of 8,192 units": fit_huge_config,
        "60,000 labels": set_config(id2label={str(index): f"label {index}" for index in range(60_000)}),
        "1,000,000 labels": set_config(id2label={str(index): f"label {index}" for index in range(1_000_000)}),
        "100,000 unknown settings": set_config(**{f"setting {index}": 1 for index in range(100_000)}),
        "20,000 unknown tensors": edit_header(
            lambda header: json.dumps({**json.loads(header), **{f"t{index}": {} for index in range(20_000)}})
        ),
        "a label of 1 MB": set_config(id2label={"0": "a" * 10**6, "1": "b"}),
        "a setting's name of 1 MB": set_config(**{"a" * 10**6: 1}),
        "a setting's value of 1 MB": set_config(pooling="a" * 10**6),
        "a tensor's name of 1 MB": edit_header(lambda header: header.replace(_BIAS, "a" * 10**6)),
        "a number of 6,000 digits": set_config(hidden_size=10**4000),
    }


def _list_special() -> Mapping[str, Damage]:
    names = (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE)
    makers: Mapping[str, Callable[[Path], object]] = {
        "is a folder": Path.mkdir,
        "is a pipe": os.mkfifo,
        "is a link to itself": lambda path: path.symlink_to(path.name),
        "is /dev/zero": lambda path: path.symlink_to("/dev/zero"),
        "is /proc/self/mem": lambda path: path.symlink_to("/proc/self/mem"),
        "is /proc/self/environ": lambda path: path.symlink_to("/proc/self/environ"),
        "is missing": lambda path: None,
    }
    return {f"{name} {what}": replace_special(name, make) for name in names for what, make in makers.items()}


def _list_tokenizers() -> Mapping[str, Damage]:
    multiply = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1000}
    slow = {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "b"}
    return {
        "a catastrophic pattern of words": split_at(r"(a|a|aa)+$|(\w+)*x"),
        "a catastrophic pattern of a normalizer": normalize(slow),
        "a pattern that finds nothing": split_at("(?!)"),
        "characters multiplied by 10^12": normalize(*[multiply] * 4),
        "1 MB before each text": normalize({"type": "Prepend", "prepend": "a" * 10**6}),
        "a broken Precompiled": normalize({"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
        "1,000 steps": normalize(*[{"type": "Lowercase"}] * 1000),
        "a nested normalizer": normalize({"type": "Sequence", "normalizers": [slow]}),
        "a model of pairs": edit_json(TOKENIZER_FILE, lambda value: value["model"].update(type="BPE", merges=[])),
        "words of any length": edit_json(
            TOKENIZER_FILE,
            lambda value: value["model"].update(
                type="WordPiece", continuing_subword_prefix="", max_input_chars_per_word=10**9
            ),
        ),
        "a post-processor": set_tokenizer(post_processor={"type": "ByteLevel", "trim_offsets": True}),
        "a decoder": set_tokenizer(decoder={"type": "Fuse"}),
        "a model of no type": edit_json(TOKENIZER_FILE, lambda value: value["model"].pop("type")),
        "an id beyond the embedding": edit_json(TOKENIZER_FILE, lambda value: value["model"]["vocab"].update(x=10**6)),
        "an id below zero": edit_json(TOKENIZER_FILE, lambda value: value["model"]["vocab"].update(x=-1)),
        "a tokenizer nested 100,000 deep": write(TOKENIZER_FILE, _DEEP),
        "an empty tokenizer": write(TOKENIZER_FILE, b""),
    }


def _list_weights() -> Mapping[str, Damage]:
    def fill(value: float) -> Damage:
        return edit_weights(lambda tensors: tensors[_BIAS].fill_(value))

    def cast(dtype: torch.dtype) -> Damage:
        return edit_weights(lambda tensors: tensors.update({_BIAS: tensors[_BIAS].to(dtype)}))

    return {
        "NaN": fill(float("nan")),
        "infinity": fill(float("inf")),
        "float64": cast(torch.float64),
        "int8": cast(torch.int8),
        "bools": cast(torch.bool),
        "a tensor named twice": edit_header(name_tensor_twice),
        "a tensor too many": edit_weights(lambda tensors: tensors.update(extra=torch.zeros(1))),
        "a tensor missing": edit_weights(lambda tensors: tensors.pop(_BIAS)),
        "another shape": edit_weights(lambda tensors: tensors.update({_BIAS: torch.zeros(3)})),
        "an absurd shape": edit_header(lambda header: header.replace('"shape":[', '"shape":[1000000000000000,', 1)),
        "an unknown dtype": edit_header(lambda header: header.replace('"dtype":"', '"dtype":"X', 1)),
        "only a pickle": lambda folder: (folder / WEIGHTS_FILE).rename(folder / "pytorch_model.bin"),
        "a pickle under its name": lambda folder: torch.save({}, folder / WEIGHTS_FILE),
        "empty weights": write(WEIGHTS_FILE, b""),
        "a header of 10^18 bytes": write(WEIGHTS_FILE, struct.pack("<Q", 10**18) + b"{}"),
        "a header that is a list": edit_header(lambda header: "[]"),
        "a header nested 100,000 deep": edit_header(lambda header: _DEEP),
    }


def _list_values() -> Mapping[str, Damage]:
    return {
        "10^12 units": set_config(hidden_size=10**12),
        "10^9 layers": set_config(num_layers=10**9),
        "a vocabulary of another size": set_config(vocab_size=7),
        "the id of padding out of range": set_config(pad_token_id=10**6),
        "the id of <unk> of another word": set_config(unk_token_id=2),
        "a temperature of 1e-45": set_config(temperature=1e-45),
        "a temperature of 1e300": set_config(temperature=1e300),
        "a temperature of NaN": set_config(temperature=float("nan")),
        "labels alike": set_config(id2label={"0": "a", "1": "a"}),
        "labels that are a list": set_config(id2label=["a", "b"]),
        "a label that no UTF-8 can hold": set_config(id2label={"0": "\ud800", "1": "b"}),
        "one label": set_config(id2label={"0": "a"}),
        "a setting unknown": set_config(colour="red"),
        "a setting missing": edit_json(CONFIG_FILE, lambda config: config.pop("pooling")),
        "a setting twice": lambda folder: (folder / CONFIG_FILE).write_text(
            (folder / CONFIG_FILE).read_text().rstrip()[:-1] + ', "temperature": 5}'
        ),
        "a setting of another type": set_config(hidden_size="8"),
        **{f"{name} nested 100,000 deep": write(name, _DEEP) for name in (CONFIG_FILE, RECIPE_FILE, RESULTS_FILE)},
        **{f"{name} in Latin-1": write(name, b'{"a": "\xe9"}') for name in (CONFIG_FILE, RECIPE_FILE, RESULTS_FILE)},
        **{f"{name} is a list": write(name, b"[]") for name in (CONFIG_FILE, RECIPE_FILE, RESULTS_FILE)},
    }


DAMAGES: Mapping[str, Damage] = {
    **_list_values(),
    **_list_weights(),
    **_list_tokenizers(),
    **_list_special(),
    **_list_large(),
}
"""All damages by name. With each of them a folder must be refused."""
