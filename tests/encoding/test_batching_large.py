"""`split_large_batches`: every row stands in one part, within the bound, and the step is the same."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.config import ModelSettings, TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding import batching
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.training.loop.epochs import start_run
from hf_lstm.training.loop.step import train_step

MODEL = ModelSettings(embedding_dim=8, hidden_size=8, num_layers=2, bidirectional=True).resolve(
    vocab_size=20, label_names=["neg", "pos"]
)


def bound(monkeypatch: pytest.MonkeyPatch, max_places: int) -> None:
    """Let a batch have so many places, each of which has 32 states in this model."""
    monkeypatch.setattr(batching, "MAX_STATES_PER_BATCH", max_places * 2 * 2 * 8)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(1, 200))
def test_each_row_stands_in_one_part_and_no_part_is_too_large_but_a_single_row(lengths, max_places):
    lengths = np.array(lengths)
    rows = np.random.default_rng(0).permutation(len(lengths))
    batches = np.array_split(rows, min(3, len(rows)))
    with pytest.MonkeyPatch.context() as monkeypatch:
        bound(monkeypatch, max_places)
        parts = batching.split_large_batches(lengths, batches, MODEL)
    assert sorted(np.concatenate(parts)) == list(range(len(lengths)))
    assert all(len(part) == 1 or len(part) * lengths[part].max() <= max_places for part in parts)


def test_batches_that_fit_stay_as_they_are():
    lengths = np.full(10, 200)
    batches = [np.array([3, 1, 2]), np.array([9, 0])]
    for batch, part in zip(batches, batching.split_large_batches(lengths, batches, MODEL), strict=True):
        assert batch is part


@pytest.mark.parametrize("changes", [{}, {"class_weights": "1,3", "label_smoothing": 0.1}])
def test_a_step_in_many_parts_is_the_same_step(monkeypatch, changes):
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 30, 24)
    texts = EncodedTexts(
        input_ids=generator.integers(2, 20, lengths.sum()).astype(np.int32), offsets=np.cumsum([0, *lengths])
    )
    rows = LabeledTexts(texts, generator.integers(0, 2, 24))
    config = TrainConfig(learning_rate=1e-2, precision="float32", **changes)
    found = []
    for max_places in (10**6, 40):
        bound(monkeypatch, max_places)
        torch.manual_seed(0)
        model = LSTMSentiment(dataclasses.replace(MODEL, pooling="mean_max"))
        figures = train_step(start_run(model, rows, config), rows, np.arange(12), np.arange(12, 24))
        found.append((figures, {name: weight.grad for name, weight in model.named_parameters()}))
    (whole, gradients), (divided, summed) = found
    assert divided == pytest.approx(whole, rel=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(summed[name], gradient, rtol=1e-4, atol=1e-7)


def test_a_gpu_takes_as_many_states_as_its_memory_holds_and_no_fewer_than_a_cpu(monkeypatch):
    for gigabytes, expected in ((80, 80 * 2**30 // 48), (4, batching.MAX_STATES_PER_BATCH)):
        properties = SimpleNamespace(total_memory=gigabytes * 2**30)
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device, properties=properties: properties)
        assert batching.count_max_states(torch.device("cuda")) == expected
    assert batching.count_max_states(torch.device("cpu")) == batching.MAX_STATES_PER_BATCH
