"""The benchmark trains wide layers as it says: all gradients, and each operation counted once."""

import itertools
from types import SimpleNamespace

import pytest
import torch

from benchmarking.contenders import wide_lstm
from benchmarking.contenders.wide_lstm import WideShape, build_wide_step, list_wide_shapes, train_wide_layers
from benchmarking.plan import NORMAL, QUICK


def test_a_step_gives_the_gradients_of_inputs_and_weights():
    shape = WideShape(hidden_size=6, batch_size=3, num_steps=5)
    grad_inputs, *grad_weights = build_wide_step(shape, "float32")()
    torch.manual_seed(0)
    lstm = torch.nn.LSTM(3, 6, batch_first=True)
    inputs = torch.randn(3, 5, 3, requires_grad=True)
    lstm(inputs)[0].backward(torch.randn(3, 5, 6))
    for found, expected in zip(
        [grad_inputs, *grad_weights], [inputs.grad, *(each.grad for each in lstm.parameters())], strict=True
    ):
        torch.testing.assert_close(found, expected)


def test_useful_operations_are_counted_and_divided_by_the_time_of_all_steps(monkeypatch):
    shapes = [WideShape(hidden_size=units, batch_size=3, num_steps=5) for units in (4, 8)]
    assert [shape.gflop for shape in shapes] == pytest.approx([36 * units**2 * 15 / 1e9 for units in (4, 8)])
    monkeypatch.setattr(wide_lstm, "_ROUND_GFLOP", 3.5 * shapes[0].gflop)  # four steps of the first, one of the other
    seconds = itertools.accumulate(itertools.cycle([1, 2]))
    monkeypatch.setattr(wide_lstm, "time", SimpleNamespace(perf_counter=lambda: next(seconds)))
    try:
        facts, measured = itertools.islice(train_wide_layers(shapes, "float32"), 2)
    finally:
        torch.set_flush_denormal(False)  # contenders set it for a process of their own
    assert facts == {"dtype": "float32"}
    assert measured == {
        "4_units_3_rows_useful_gflop_per_s": pytest.approx(4 * shapes[0].gflop / 2),
        "8_units_3_rows_useful_gflop_per_s": pytest.approx(shapes[1].gflop / 2),
    }


def test_the_layer_is_half_as_wide_in_its_inputs_and_quick_runs_measure_fewer():
    shapes = [(shape.hidden_size, shape.batch_size) for shape in list_wide_shapes(NORMAL.wide_batch_sizes)]
    assert shapes == list(itertools.product((512, 1024), (64, 128, 256)))
    assert len(list_wide_shapes(QUICK.wide_batch_sizes)) == 2
    layer = WideShape(hidden_size=512, batch_size=64).layer
    assert (layer.embedding_dim, layer.num_directions) == (256, 1)
