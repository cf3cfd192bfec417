"""Writes a model as a static page, which classifies in the browser, without a server and without a network."""

import base64
import contextlib
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import PreTokenizer

from hf_lstm.answers.wording import UNSURE_BELOW, word_page
from hf_lstm.errors import InputError
from hf_lstm.files.replacement import replace_files
from hf_lstm.files.writing import make_folder, write_file
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.problem import MultiLabel
from hf_lstm.tokenization.byte_pairs import RUN, build_byte_pair_tokenizer, list_byte_letters
from hf_lstm.tokenization.older_patterns import age_byte_pairs
from hf_lstm.tokenization.stop_words import load_function_words, load_stop_words
from hf_lstm.tokenization.word_patterns import FINAL_SIGMA, UNSPACED_RANGES, build_pre_tokenizer
from hf_lstm.tokenization.word_splitter import find_splitter
from hf_lstm.tokenization.wordpiece import UNK_PIECE, build_wordpiece_tokenizer

PAGE_FILE = "index.html"
WEIGHTS_SCRIPT = "weights.js"
_RESOURCES = Path(__file__).resolve().parents[1] / "resources" / "browser"
_CONFIG_FIELDS = (
    "embedding_dim", "words_per_step", "hidden_size", "num_layers", "bidirectional", "pooling", "single_logit",
    "max_length_tokens", "truncation", "max_length_characters", "id2label", "temperature", "unk_token_id",
    "pad_token_id",
)  # fmt: skip


def export_browser(model: LSTMSentiment, folder: Path) -> dict[str, int]:
    """Write the page of a model into a folder, and return the sizes of its files in bytes.

    The page runs where it lies, also opened as a file. Its files are ours, and the model as a script.

    Args:
        model: in float32 on the CPU, with its tokenizer.
        folder: it is made if need be; files of an earlier page there are replaced, all or none.

    Raises:
        InputError: the tokenizer is none that the page knows, the weights are quantized, wrapped or pruned, or the
            folder can't be written, or has an index.html of another page.
        StorageError: the disk is full or fails.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; expected a folder, or the name of a new one")
    if (folder / PAGE_FILE).exists() and not (folder / WEIGHTS_SCRIPT).exists():
        raise InputError(f"{folder} has an {PAGE_FILE} that is not of such a page; choose another folder")
    description = describe_model(model)
    script = f"globalThis.HF_LSTM_MODEL = {_write_script(description)};\n"
    files = {path.name: path.read_bytes() for path in sorted(_RESOURCES.iterdir()) if path.is_file()}
    files[WEIGHTS_SCRIPT] = script.encode()
    is_new = not folder.exists()
    try:
        make_folder(folder)
        with replace_files(folder) as staging:  # weights of one model beside words of another would answer wrongly
            for name, content in files.items():
                write_file(staging / name, content)
    except OSError as error:
        raise InputError(f"{folder} can't be written: {error.strerror}; choose another folder") from None
    finally:
        if is_new:
            with contextlib.suppress(OSError):  # it holds the page, or there is none
                folder.rmdir()
    return {name: len(content) for name, content in files.items()}


def describe_model(model: LSTMSentiment) -> dict[str, Any]:
    """Describe a model for the page's script.

    Weights stand end to end in base64, in bfloat16 where that is exact, else in float32, both little-endian.

    Raises:
        InputError: as `export_browser`.
    """
    weights = {name: tensor.detach().cpu().float() for name, tensor in model.require_weights().items()}
    weights |= {name: tensor.detach().cpu().float() for name, tensor in model.named_buffers() if name not in weights}
    is_exact = all(torch.equal(tensor, tensor.bfloat16().float()) for tensor in weights.values())
    config = dataclasses.asdict(model.config)
    return {
        "config": {
            **{name: config[name] for name in _CONFIG_FIELDS},
            "thresholds": model.problem.thresholds if isinstance(model.problem, MultiLabel) else None,
        },
        "tokenizer": {
            **describe_tokenizer(model.require_tokenizer()),
            "unk_token_id": model.config.unk_token_id,
        },
        "wording": dataclasses.asdict(word_page(model)) | {"unsure_below": UNSURE_BELOW},
        "function_words": sorted(load_function_words()),
        "tensors": [[name, tensor.numel()] for name, tensor in weights.items()],
        "format": "bfloat16" if is_exact else "float32",
        "weights": base64.b64encode(b"".join(_encode(tensor, is_exact) for tensor in weights.values())).decode(),
    }


def describe_tokenizer(tokenizer: Tokenizer) -> dict[str, Any]:
    """Describe how a tokenizer finds words, and its vocabulary in the order of the ids.

    Raises:
        InputError: it is none of ours.
    """
    vocab = tokenizer.get_vocab()
    described: dict[str, Any] = {"vocab": sorted(vocab, key=vocab.__getitem__), "dropped": [], "only_known": False}
    if isinstance(tokenizer.model, BPE) and (pairs := _describe_byte_pairs(tokenizer)) is not None:
        return described | pairs
    splitter = find_splitter(tokenizer)
    if splitter is not None:
        described |= {"words": splitter.words, "lowercase": splitter.lowercase, "dropped": sorted(splitter.dropped)}
        described["pattern"] = _get_pattern(build_pre_tokenizer(splitter.words))
        # Tokenizers of before have the rule of Unicode, which is JavaScript's own.
        described["final_sigma"] = None if splitter.edition == 1 else FINAL_SIGMA
        described["straight_marks"] = splitter.words == "punctuated" and splitter.edition >= 3
        return described | {"only_known": not splitter.keeps_unknown}
    for dropped in (frozenset[str](), load_stop_words()):
        if UNK_PIECE in vocab and tokenizer.to_str() == build_wordpiece_tokenizer(vocab, dropped=dropped).to_str():
            found = {"words": "wordpiece", "pattern": "[a-z]+|[!?]", "final_sigma": None, "lowercase": True}
            return described | found | {"dropped": sorted(dropped)}
    raise InputError("the page knows tokenizers that hf_lstm makes, and the model has another one: export it as ONNX")


def _describe_byte_pairs(tokenizer: Tokenizer) -> dict[str, Any] | None:
    """Describe a tokenizer of byte pairs; None if it is none of ours."""
    found = json.loads(tokenizer.to_str())
    vocab = found["model"]["vocab"]
    merges = [tuple(merge.split(" ", 1) if isinstance(merge, str) else merge) for merge in found["model"]["merges"]]
    lowercase = found["normalizer"] is not None
    own = build_byte_pair_tokenizer(vocab, merges, lowercase=lowercase)
    if found not in (described := json.loads(own.to_str()), age_byte_pairs(described)):
        return None
    return {
        "words": "bpe",
        "lowercase": lowercase,
        "pattern": RUN,
        "final_sigma": "",  # no sigma is final
        "bytes": [vocab[letter] for letter in list_byte_letters()],
        "merges": [[vocab[first], vocab[second], vocab[first + second]] for first, second in merges],
        "unspaced": UNSPACED_RANGES,
    }


def _get_pattern(splitter: PreTokenizer) -> str:
    pattern: str = json.loads(splitter.__getstate__())["pattern"]["Regex"]
    return pattern


def _encode(tensor: torch.Tensor, as_bfloat16: bool) -> bytes:
    flat = tensor.reshape(-1).contiguous()
    return flat.bfloat16().view(torch.uint16).numpy().tobytes() if as_bfloat16 else flat.numpy().tobytes()


def _write_script(value: Mapping[str, Any]) -> str:
    """Write a value as JSON that is JavaScript, too, and that ends no script element."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")
