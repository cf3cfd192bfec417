"""The model as an ONNX graph, exact for padded rows of any length, and its comparison with PyTorch on real reviews."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from hf_lstm.batching import collate, fill_empty, sort_batches
from hf_lstm.calibration import compute_probabilities
from hf_lstm.encoding import EncodedTexts
from hf_lstm.errors import InputError
from hf_lstm.model_files import TOKENIZER_FILE, write_file
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.onnx_graph import GraphBuilder
from hf_lstm.prediction import compute_logits

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
    """What was written, and how it compares with PyTorch."""

    path: Path
    num_bytes: int
    num_rows: int
    """Rows that were compared: the reviews as they are, and their beginnings of every length."""
    min_length_tokens: int
    max_length_tokens: int
    max_difference: float
    """The largest between two probabilities of the same row."""


def export_onnx(model: LSTMSentiment, path: Path, texts: Sequence[str]) -> Export:
    """Write `model` as ONNX with its tokenizer beside it, once ONNX Runtime gave PyTorch's probabilities of `texts`.

    Args:
        model: in float32 on the CPU, with its tokenizer.
        path: the file to write; its folder is made if need be.
        texts: real texts; they are compared as they are, and cut to every length.

    Raises:
        InputError: the folder can't be written or holds the tokenizer of another model, or the graph is too large.
        RuntimeError: a probability differs by more than `MAX_DIFFERENCE`; nothing is written.
    """
    encoder = model.encoder  # says so if there is no tokenizer
    assert model.tokenizer is not None
    tokenizer_path, tokenizer_json = path.with_name(TOKENIZER_FILE), model.tokenizer.to_str(pretty=True).encode()
    if tokenizer_path.exists() and tokenizer_path.read_bytes() != tokenizer_json:
        raise InputError(f"{tokenizer_path} is the tokenizer of another model: choose another folder")
    content = _serialize(build_onnx_model(model))
    encoded = fill_empty(
        encoder.encode(texts, max_length_tokens=model.config.max_length_tokens), model.config.unk_token_id
    )
    rows = cut_to_every_length(encoded)
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


def build_onnx_model(model: LSTMSentiment) -> "onnx.ModelProto":
    """Return the model as ONNX: `input_ids` (batch, time) and `lengths` (batch,) to `logits` and `probabilities`.

    The probabilities are those of the logits divided by the model's temperature, as `predict_proba` gives them.

    Batch and time are free. Rows are padded on the right, as for the model itself, and nothing at the padding matters:
    the LSTM operator is told where each row ends (`sequence_lens`), and reads the reverse direction from there.
    """
    from onnx import TensorProto, checker, helper

    config = model.config
    graph = GraphBuilder()
    embedded = graph.add("Gather", graph.weight("embedding", model.embedding.weight), "input_ids")
    states = graph.add("Transpose", embedded, perm=[1, 0, 2])
    lengths = graph.add("Cast", "lengths", to=TensorProto.INT32)
    for layer in range(config.num_layers):
        states, last_states = graph.add_lstm_layer(model.lstm, layer, states, lengths)
    features = _pool(graph, model, states, last_states)
    if isinstance(model.head_norm, nn.LayerNorm):
        features = graph.add_layer_norm("head_norm", model.head_norm, features)
    logits = graph.add_linear("classifier", model.classifier, features)
    if config.single_logit:
        logits = graph.add("Concat", graph.add("Mul", logits, graph.constant(0.0)), logits, axis=1)
    graph.add("Identity", logits, output="logits")
    calibrated = graph.add("Div", logits, graph.weight("temperature", np.float32(config.temperature)))
    graph.add("Softmax", calibrated, axis=1, output="probabilities")

    onnx_model = graph.make_model(
        "hf_lstm",
        inputs=[
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "time"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT64, ["batch"]),
        ],
        outputs=[
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", config.num_labels])
            for name in ("logits", "probabilities")
        ],
    )
    helper.set_model_props(onnx_model, _describe_for_users(model))
    checker.check_model(onnx_model)
    return onnx_model


def cut_to_every_length(texts: EncodedTexts) -> EncodedTexts:
    """Return the rows, and after them beginnings of the longest row of 1 to all of its tokens."""
    longest = texts[int(texts.lengths.argmax())]
    lengths = np.unique(np.linspace(1, len(longest), min(len(longest), NUM_LENGTHS)).round().astype(np.int64))
    input_ids = np.concatenate([texts.input_ids, *(longest[:length] for length in lengths)])
    return EncodedTexts(input_ids, np.concatenate([texts.offsets, texts.offsets[-1] + np.cumsum(lengths)]))


def compare_with_onnx(model: LSTMSentiment, content: bytes, texts: EncodedTexts) -> float:
    """Return the largest difference between a probability of ONNX Runtime and PyTorch's, both in float32."""
    ours = compute_probabilities(compute_logits(model, texts, dtype=torch.float32), model.config.temperature)
    session = open_session(content)
    theirs = np.full_like(ours, np.nan)
    for rows in sort_batches(texts.lengths, max_tokens=MAX_TOKENS_PER_BATCH):
        batch = collate(texts, rows, pad_token_id=model.config.pad_token_id)
        feed = {"input_ids": batch.input_ids.numpy(), "lengths": batch.lengths.numpy()}
        theirs[rows] = session.run(["probabilities"], feed)[0]
    return float(np.abs(theirs - ours).max())


def open_session(content: bytes) -> Any:
    """Return an ONNX Runtime session on the CPU."""
    import onnxruntime

    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def _pool(graph: GraphBuilder, model: LSTMSentiment, states: str, last_states: str) -> str:
    """Add the pooling of states (time, batch, features); what stands there at the padding is never used."""
    from onnx import TensorProto

    pooling = model.config.pooling
    if pooling == "last":
        return last_states
    is_token = graph.add("Transpose", _mark_tokens(graph), perm=[1, 0, 2])
    if pooling == "attention":
        hidden = graph.add("Tanh", graph.add_linear("attention.projection", model.pooling.projection, states))
        scores = graph.add_linear("attention.query", model.pooling.query, hidden)
        shares = graph.add("Softmax", graph.add("Where", is_token, scores, graph.constant(-np.inf)), axis=0)
        tokens = graph.add("Where", is_token, graph.add("Mul", shares, states), graph.constant(0.0))
        return graph.add("ReduceSum", tokens, graph.constant([0]), keepdims=0)
    pooled = []
    if "mean" in pooling:
        tokens = graph.add("Where", is_token, states, graph.constant(0.0))
        total = graph.add("ReduceSum", tokens, graph.constant([0]), keepdims=0)
        num_tokens = graph.add("Cast", "lengths", to=TensorProto.FLOAT)
        pooled.append(graph.add("Div", total, graph.add("Unsqueeze", num_tokens, graph.constant([1]))))
    if "max" in pooling:
        tokens = graph.add("Where", is_token, states, graph.constant(-np.inf))
        pooled.append(graph.add("ReduceMax", tokens, axes=[0], keepdims=0))
    return graph.add("Concat", *pooled, axis=1)


def _mark_tokens(graph: GraphBuilder) -> str:
    """Add which positions are real tokens, bool (batch, time, 1)."""
    num_steps = graph.add("Squeeze", graph.add("Shape", "input_ids", start=1, end=2), graph.constant([0]))
    zero, one = (graph.weight(name, np.int64(value)) for name, value in (("zero", 0), ("one", 1)))
    steps = graph.add("Range", zero, num_steps, one)
    is_token = graph.add("Less", steps, graph.add("Unsqueeze", "lengths", graph.constant([1])))
    return graph.add("Unsqueeze", is_token, graph.constant([2]))


def _serialize(onnx_model: "onnx.ModelProto") -> bytes:
    num_bytes = onnx_model.ByteSize()
    if num_bytes > MAX_BYTES:
        raise InputError(f"the model takes {num_bytes:,} bytes as ONNX, more than the {MAX_BYTES:,} of one file")
    content: bytes = onnx_model.SerializeToString()
    return content


def _describe_for_users(model: LSTMSentiment) -> dict[str, str]:
    """Return what a program must know to feed the graph and read its answers, as the file's metadata."""
    config = model.config
    described = {
        "id2label": config.id2label,
        "pad_token_id": config.pad_token_id,
        "unk_token_id": config.unk_token_id,
        "max_length_tokens": config.max_length_tokens,
        "max_length_characters": config.max_length_characters,
    }
    return {name: json.dumps(value, ensure_ascii=False) for name, value in described.items()}
