"""Writes the model as ONNX, compared with PyTorch on real reviews.

The graph is exact for padded rows of any length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hf_lstm.encoding.batching import collate, sort_batches
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.errors import InputError
from hf_lstm.export.onnx_network import build_onnx_model
from hf_lstm.files.names import TOKENIZER_FILE
from hf_lstm.files.writing import write_file
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.prediction import compute_logits, compute_probabilities
from hf_lstm.runtime.devices import name_dtype

if TYPE_CHECKING:
    import onnx

MAX_DIFFERENCE = 1e-4
"""Between the probabilities of ONNX Runtime and of PyTorch, both in float32."""
MAX_BYTES = 2**31 - 1
"""A graph with its weights is one protobuf message, which can't be larger."""
NUM_LENGTHS = 512
"""Lengths that the comparison covers, from one token to the longest possible; all of them up to this many."""
MAX_TOKENS_PER_BATCH = 16_384


@dataclass(frozen=True, kw_only=True)
class Export:
    """Says what was written, and how it compares with PyTorch."""

    path: Path
    num_bytes: int
    num_rows: int
    """Rows that were compared: the reviews as they are, and their beginnings of every length."""
    min_length_tokens: int
    max_length_tokens: int
    max_difference: float
    """The largest between two probabilities of the same row."""


def export_onnx(model: LSTMSentiment, path: Path, texts: Sequence[str]) -> Export:
    """Write a model as ONNX, with its tokenizer beside it.

    Before, ONNX Runtime must give PyTorch's probabilities of `texts`.

    Args:
        model: in float32 on the CPU, with its tokenizer.
        path: the file to write; its folder is made if need be.
        texts: real texts; they are compared as they are, and cut to every length.

    Raises:
        InputError: the folder can't be written or holds the tokenizer of another model, the graph is too large, or
            the weights are not in float32, or quantized, wrapped or pruned.
        RuntimeError: a probability differs by more than `MAX_DIFFERENCE`; nothing is written.
    """
    tokenizer_path = path.with_name(TOKENIZER_FILE)
    tokenizer_json = model.require_tokenizer().to_str(pretty=True).encode()
    if tokenizer_path.exists() and tokenizer_path.read_bytes() != tokenizer_json:
        raise InputError(f"{tokenizer_path} is the tokenizer of another model: choose another folder")
    _require_float32(model)
    content = _serialize(build_onnx_model(model))
    rows = cut_to_every_length(model.encode(texts))
    difference = compare_with_onnx(model, content, rows)
    if not difference <= MAX_DIFFERENCE:
        raise RuntimeError(f"ONNX Runtime differs by {difference:.1e} from PyTorch, more than {MAX_DIFFERENCE:.0e}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(tokenizer_path, tokenizer_json)
        write_file(path, content)
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}; choose another place") from None
    return Export(
        path=path,
        num_bytes=len(content),
        num_rows=len(rows),
        min_length_tokens=int(rows.lengths.min()),
        max_length_tokens=int(rows.lengths.max()),
        max_difference=difference,
    )


def _require_float32(model: LSTMSentiment) -> None:
    """Refuse a model whose weights are not plain float32."""
    for name, weight in model.require_weights().items():
        if weight.dtype != torch.float32:
            raise InputError(f"{name} is in {name_dtype(weight.dtype)}; export the model in float32: model.float()")


def cut_to_every_length(texts: EncodedTexts) -> EncodedTexts:
    """Append beginnings of the longest row, from one token to all.

    There are up to `NUM_LENGTHS` of them.
    """
    longest = texts[int(texts.lengths.argmax())]
    lengths = np.unique(np.linspace(1, len(longest), min(len(longest), NUM_LENGTHS)).round().astype(np.int64))
    input_ids = np.concatenate([texts.input_ids, *(longest[:length] for length in lengths)])
    return EncodedTexts(input_ids, np.concatenate([texts.offsets, texts.offsets[-1] + np.cumsum(lengths)]))


def compare_with_onnx(model: LSTMSentiment, content: bytes, texts: EncodedTexts) -> float:
    """Measure the largest difference between ONNX Runtime's probabilities and PyTorch's.

    Both compute in float32.
    """
    ours = compute_probabilities(compute_logits(model, texts, dtype=torch.float32), model.config)
    session = open_session(content)
    theirs = np.full_like(ours, np.nan)
    for rows in sort_batches(texts.lengths, max_tokens=MAX_TOKENS_PER_BATCH):
        batch = collate(texts, rows, pad_token_id=model.config.pad_token_id)
        feed = {"input_ids": batch.input_ids.numpy(), "lengths": batch.lengths.numpy()}
        theirs[rows] = session.run(["probabilities"], feed)[0]
    return float(np.abs(theirs - ours).max())


def open_session(content: bytes) -> Any:
    """Open an ONNX Runtime session on the CPU."""
    import onnxruntime

    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def _serialize(onnx_model: "onnx.ModelProto") -> bytes:
    num_bytes = onnx_model.ByteSize()
    if num_bytes > MAX_BYTES:
        raise InputError(f"the model takes {num_bytes:,} bytes as ONNX, more than the {MAX_BYTES:,} of one file")
    content: bytes = onnx_model.SerializeToString()
    return content
