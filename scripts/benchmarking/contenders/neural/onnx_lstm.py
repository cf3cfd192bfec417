"""Times the same network in ONNX Runtime: in float32, and with weights of eight bits."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarking.harness.spec import Answers
from benchmarking.harness.timing import time_classification
from benchmarking.tasks import RandomModel

if TYPE_CHECKING:
    import onnx

REQUIRES = ("onnx", "onnxruntime")
_MAX_TOKENS_PER_BATCH = 16_384


def classify_with_onnx(model: RandomModel, texts: list[str], quantizes: bool) -> Answers:
    """Yield reviews/s of ONNX Runtime, with this package's tokenizing and batches of like length.

    Args:
        model: the network.
        texts: what is classified.
        quantizes: to dynamic int8, as `onnxruntime.quantization` does.
    """
    import numpy as np

    from hf_lstm.encoding.batching import collate, sort_batches
    from hf_lstm.export.onnx import open_session
    from hf_lstm.export.onnx_network import build_onnx_model

    ours = model.build()
    graph = build_onnx_model(ours)
    session = open_session(_quantize(graph) if quantizes else graph.SerializeToString())

    def classify() -> list[int]:
        encoded = ours.encode(texts)
        labels = np.empty(len(texts), dtype=np.int64)
        for rows in sort_batches(encoded.lengths, max_tokens=_MAX_TOKENS_PER_BATCH):
            batch = collate(encoded, rows, pad_token_id=model.config.pad_token_id)
            feed = {"input_ids": batch.input_ids.numpy(), "lengths": batch.lengths.numpy()}
            labels[rows] = session.run(["probabilities"], feed)[0].argmax(axis=1)
        return labels.tolist()  # type: ignore[no-any-return]

    theirs, expected = classify(), [each["label"] for each in ours.predict(texts, precision="float32")]
    names = model.config.label_names
    same = sum(names[label] == name for label, name in zip(theirs, expected, strict=True)) / len(texts)
    facts = {"dtype": "int8, dynamic" if quantizes else "float32", "share_of_our_labels": same}
    yield from time_classification({"reviews_per_s": classify}, len(texts), facts)


def _quantize(graph: "onnx.ModelProto") -> bytes:
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="hf-lstm-onnx-") as folder:
        source, quantized = Path(folder, "float32.onnx"), Path(folder, "int8.onnx")
        onnx.save(graph, str(source))
        quantize_dynamic(str(source), str(quantized), op_types_to_quantize=["LSTM", "MatMul"])
        return quantized.read_bytes()
