"""Times training of wide LSTM layers alone, forward and back, which takes most of a language model's time."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarking.contenders.peak import PEAK
from benchmarking.harness.spec import Answers, Contender, Figure, Metric
from benchmarking.tasks import count_useful_gflop
from hf_lstm.config import ModelSettings

WIDE_BF16, WIDE_FP32 = "wide LSTM, bf16", "wide LSTM, fp32"
HIDDEN_SIZES = (512, 1024)
_NUM_STEPS = 64
_ROUND_GFLOP = 150  # of each shape at least, by taking it several times: the smallest alone is too short to time
WIDE_FORMATS = {WIDE_BF16: "bfloat16", WIDE_FP32: "float32"}
_AIMS: Mapping[str, float] = {WIDE_BF16: 35, WIDE_FP32: 45}
"""The share of the peak to reach, in percent."""


@dataclass(frozen=True, kw_only=True)
class WideShape:
    """Defines a layer of one direction, and a batch of rows of equal length for it."""

    hidden_size: int
    batch_size: int
    num_steps: int = _NUM_STEPS

    @property
    def layer(self) -> ModelSettings:
        """The layer, whose inputs are half as wide as itself, as in the language model."""
        return ModelSettings(embedding_dim=self.hidden_size // 2, hidden_size=self.hidden_size)

    @property
    def gflop(self) -> float:
        """The useful operations forward and back, in billions."""
        return 3 * count_useful_gflop(self.layer, self.batch_size * self.num_steps)

    @property
    def metric(self) -> str:
        """The name of what is measured of it."""
        return name_wide_metric(self.hidden_size, self.batch_size)


def name_wide_metric(hidden_size: int, batch_size: int) -> str:
    """Return the metric's name for a layer and a batch."""
    return f"{hidden_size}_units_{batch_size}_rows_useful_gflop_per_s"


def list_wide_shapes(batch_sizes: Sequence[int]) -> list[WideShape]:
    """List the layers of each width with each batch size."""
    return [WideShape(hidden_size=units, batch_size=rows) for units in HIDDEN_SIZES for rows in batch_sizes]


def train_wide_layers(shapes: Sequence[WideShape], precision: str) -> Answers:
    """Yield the useful GFLOP/s of each shape, by round: forward, and back to inputs and weights.

    The smallest batch of each width warms up.
    """
    from hf_lstm.runtime.devices import flush_denormals

    flush_denormals()  # as `hf-lstm pretrain` does
    smallest = {shape.hidden_size: shape for shape in sorted(shapes, key=lambda shape: -shape.batch_size)}
    for shape in smallest.values():
        build_wide_step(shape, precision)()
    yield {"dtype": precision}
    while True:
        metrics = {}
        for shape in shapes:
            take_step = build_wide_step(shape, precision)  # anew: all together would hold much memory
            num_times = math.ceil(_ROUND_GFLOP / shape.gflop)
            started = time.perf_counter()
            for _ in range(num_times):
                take_step()
            metrics[shape.metric] = num_times * shape.gflop / (time.perf_counter() - started)
        yield metrics


def build_wide_step(shape: WideShape, precision: str) -> Callable[[], list[Any]]:
    """Build a layer, and what runs it forward and back.

    Returns:
        A function without arguments. It returns the gradients of the inputs and of the layer's four parameters.
    """
    import torch

    from hf_lstm.nn.ragged_lstm import RaggedLSTM
    from hf_lstm.runtime.devices import autocast_to

    torch.manual_seed(0)
    dtype, layer, rows = getattr(torch, precision), shape.layer, (shape.batch_size, shape.num_steps)
    lstm = RaggedLSTM(layer.embedding_dim, layer.hidden_size)
    inputs = torch.randn(*rows, layer.embedding_dim, requires_grad=True)
    lengths = torch.full(rows[:1], shape.num_steps)
    grad_outputs = torch.randn(*rows, layer.hidden_size).to(dtype)

    def take_step() -> list[Any]:
        with autocast_to(dtype, inputs.device):
            outputs, _ = lstm(inputs, lengths)
        return list(torch.autograd.grad(outputs, [inputs, *lstm.parameters()], grad_outputs))

    return take_step


def list_wide_contenders(shapes: Sequence[WideShape]) -> list[Contender]:
    """List this package's ways to train the layers, each of all shapes."""
    return [
        Contender(
            name=name,
            start=train_wide_layers,
            arguments={"shapes": shapes, "precision": number_format},
            number_format=number_format,
        )
        for name, number_format in WIDE_FORMATS.items()
    ]


def list_wide_figures(shapes: Sequence[WideShape]) -> list[Figure]:
    """List each shape's share of the peak."""
    return [
        Figure(
            title=f"{name}, {shape.hidden_size} units, {shape.batch_size} rows: share of the matrix-product peak",
            of=Metric(contender=name, name=shape.metric),
            to=Metric(contender=PEAK.name, name=f"{number_format}_gflop_per_s"),
            unit="%",
            at_least=_AIMS[name],
        )
        for name, number_format in WIDE_FORMATS.items()
        for shape in shapes
    ]


def describe_wide_shapes(shapes: Sequence[WideShape]) -> dict[str, Any]:
    """Return the sizes behind the layers' work."""
    return {
        "hidden_sizes": sorted({shape.hidden_size for shape in shapes}),
        "batch_sizes": sorted({shape.batch_size for shape in shapes}),
        "num_steps": _NUM_STEPS,
    }
