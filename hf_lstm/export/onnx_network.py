"""Builds the network as an ONNX graph.

What its users must know stands in the file's metadata.
"""

import json
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from hf_lstm.config import ModelConfig
from hf_lstm.encoding.encoder import count_last
from hf_lstm.export.onnx_graph import GraphBuilder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.problem import MultiLabel

if TYPE_CHECKING:
    import onnx


def build_onnx_model(model: LSTMSentiment) -> "onnx.ModelProto":
    """Build the ONNX model of a classifier.

    From `input_ids` (batch, time) and `lengths` (batch,) it computes `logits` and `probabilities`. The probabilities
    are those of the logits divided by the model's temperature, as `predict_proba` gives them.

    Batch and time are free. Rows are padded on the right, as for the model itself, and nothing at the padding matters:
    the LSTM operator is told where each row ends (`sequence_lens`), and reads the reverse direction from there. A row
    of length 0 is answered as `predict` answers a text without words: as the single token `<unk>`.
    """
    from onnx import TensorProto, checker, helper

    config = model.config
    graph = GraphBuilder()
    num_tokens = graph.add("Max", "lengths", graph.constant([1]))
    is_empty = graph.add("Unsqueeze", graph.add("Less", "lengths", graph.constant([1])), graph.constant([1]))
    input_ids = graph.add("Where", is_empty, graph.constant([config.unk_token_id]), "input_ids")
    table = graph.weight("embedding", model.embedding.weight)
    if config.words_per_step > 1:
        embedded, num_steps = _join_words(graph, config, table, input_ids, num_tokens)
    else:
        embedded, num_steps = graph.add("Gather", table, input_ids), num_tokens
    states = graph.add("Transpose", embedded, perm=[1, 0, 2])
    lengths = graph.add("Cast", num_steps, to=TensorProto.INT32)
    for layer in range(config.num_layers):
        states, last_states = graph.add_lstm_layer(model.lstm, layer, states, lengths)
    features = _pool(graph, model, states, last_states, num_steps)
    if isinstance(model.head_norm, nn.LayerNorm):
        features = graph.add_layer_norm("head_norm", model.head_norm, features)
    logits = graph.add_linear("classifier", model.classifier, features)
    if config.single_logit:
        logits = graph.add("Concat", graph.add("Mul", logits, graph.constant(0.0)), logits, axis=1)
    graph.add("Identity", logits, output="logits")
    calibrated = graph.add("Div", logits, graph.weight("temperature", np.float32(config.temperature)))
    if config.is_multi_label:
        graph.add("Sigmoid", calibrated, output="probabilities")
    else:
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


def _join_words(
    graph: GraphBuilder, config: ModelConfig, table: str, input_ids: str, num_tokens: str
) -> tuple[str, str]:
    """Add the joining of each step's words, which are padding where a step lacks some.

    Returns:
        The vectors of the steps (batch, steps, words_per_step * embedding_dim), and their numbers (batch,).
    """
    num_words = config.words_per_step
    is_token = graph.add("Squeeze", _mark_tokens(graph, num_tokens, input_ids), graph.constant([2]))
    input_ids = graph.add("Where", is_token, input_ids, graph.constant([config.pad_token_id]))
    # Up to whole steps: as many columns as the number of columns, negated, leaves of a division by the step's words.
    num_columns = graph.add("Shape", input_ids, start=1, end=2)
    num_missing = graph.add("Mod", graph.add("Neg", num_columns), graph.constant([num_words]))
    pads = graph.add("Concat", graph.constant([0, 0, 0]), num_missing, axis=0)
    padded = graph.add("Pad", input_ids, pads, graph.weight("padding", np.int64(config.pad_token_id)))
    embedded = graph.add("Gather", table, padded)
    shape = graph.constant([0, -1, num_words * config.embedding_dim])
    steps_of = graph.add("Add", num_tokens, graph.constant([num_words - 1]))
    return graph.add("Reshape", embedded, shape), graph.add("Div", steps_of, graph.constant([num_words]))


def _pool(graph: GraphBuilder, model: LSTMSentiment, states: str, last_states: str, lengths: str) -> str:
    """Add the pooling of states (time, batch, features).

    What stands at the padding is never used.

    Args:
        graph: to add to.
        model: with the pooling.
        states: of the last layer.
        last_states: (batch, features), those after the last token that each direction reads.
        lengths: int64 (batch,), each at least 1.
    """
    from onnx import TensorProto

    pooling = model.config.pooling
    if pooling == "last":
        return last_states
    is_token = graph.add("Transpose", _mark_tokens(graph, lengths, states, axis=0), perm=[1, 0, 2])
    if pooling == "attention":
        hidden = graph.add("Tanh", graph.add_linear("attention.projection", model.pooling.projection, states))
        scores = graph.add_linear("attention.query", model.pooling.query, hidden)
        shares = graph.add("Softmax", graph.add("Where", is_token, scores, graph.constant(-np.inf)), axis=0)
        tokens = graph.add("Where", is_token, graph.add("Mul", shares, states), graph.constant(0.0))
        return graph.add("ReduceSum", tokens, graph.constant([0]), keepdims=0)
    pooled = [last_states] if "last" in pooling else []
    if "mean" in pooling:
        tokens = graph.add("Where", is_token, states, graph.constant(0.0))
        total = graph.add("ReduceSum", tokens, graph.constant([0]), keepdims=0)
        num_tokens = graph.add("Cast", lengths, to=TensorProto.FLOAT)
        pooled.append(graph.add("Div", total, graph.add("Unsqueeze", num_tokens, graph.constant([1]))))
    if "max" in pooling:
        tokens = graph.add("Where", is_token, states, graph.constant(-np.inf))
        pooled.append(graph.add("ReduceMax", tokens, axes=[0], keepdims=0))
    return graph.add("Concat", *pooled, axis=1)


def _mark_tokens(graph: GraphBuilder, lengths: str, like: str, axis: int = 1) -> str:
    """Add a mask of the real tokens, bool (batch, time, 1), of the time that a tensor has on an axis."""
    num_steps = graph.add("Squeeze", graph.add("Shape", like, start=axis, end=axis + 1), graph.constant([0]))
    zero, one = (graph.weight(name, np.int64(value)) for name, value in (("zero", 0), ("one", 1)))
    steps = graph.add("Range", zero, num_steps, one)
    is_token = graph.add("Less", steps, graph.add("Unsqueeze", lengths, graph.constant([1])))
    return graph.add("Unsqueeze", is_token, graph.constant([2]))


def _describe_for_users(model: LSTMSentiment) -> dict[str, str]:
    """Describe how to feed the graph and read its answers, as metadata."""
    config = model.config
    limit = config.max_length_tokens
    kept_last = count_last(limit, config.truncation)
    described = {
        "id2label": config.id2label,
        "temperature": config.temperature,
        "pad_token_id": config.pad_token_id,
        "unk_token_id": config.unk_token_id,
        "max_length_tokens": limit,
        "truncation": config.truncation,
        "kept_tokens": {"first": limit - kept_last, "last": kept_last},
        "max_length_characters": config.max_length_characters,
    }
    if isinstance(model.problem, MultiLabel):
        described |= {"problem_type": config.problem_type, "thresholds": model.problem.thresholds}
    return {name: json.dumps(value, ensure_ascii=False) for name, value in described.items()}
