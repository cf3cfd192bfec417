"""Numbers of threads, and ways to train, that an LSTM computes the same in."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(params=[1, 2, 5], ids="{}-threads".format)
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["kernel", "wide"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train by PyTorch's kernel, or as wide layers do."""
    if request.param == "wide":
        monkeypatch.setattr("hf_lstm.nn.cpu.plan.MIN_WIDE_UNITS", 1)
        monkeypatch.setattr("hf_lstm.nn.cpu.plan.WIDE_DTYPES", {torch.float64, torch.float32, torch.bfloat16})
