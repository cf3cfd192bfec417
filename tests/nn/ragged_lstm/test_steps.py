"""Rounded numbers of steps change nothing, and keep the number of kernels small."""

import subprocess
import sys

import pytest
import torch
from packed_lstm import INPUT_SIZE, make_lstm

from hf_lstm.nn.cpu import segments


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounded_numbers_of_steps_change_no_bit(monkeypatch, dtype):
    lstm = make_lstm(2, bidirectional=True)
    for time in (17, 33, 65, 131):
        inputs, lengths = torch.randn(3, time, INPUT_SIZE), torch.tensor([time, time - 1, time])
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            rounded = [lstm(inputs[:1], lengths[:1]), lstm(inputs, lengths)]
            with monkeypatch.context() as patch:
                patch.setattr(segments, "_round_steps", lambda *span: span)
                exact = [lstm(inputs[:1], lengths[:1]), lstm(inputs, lengths)]
        for ours, theirs in zip(rounded, exact, strict=True):
            assert all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))


MEASURE_MEMORY = """
import torch
from hf_lstm.nn.ragged_lstm import RaggedLSTM

lstm, memory_mb = RaggedLSTM(16, 32), []
with torch.inference_mode():
    for time in range(1, 351):
        lstm(torch.zeros(2, time, 16), torch.tensor([time, 1]))
        if time in (100, 350):
            with open("/proc/self/statm") as file:
                memory_mb.append(int(file.read().split()[1]) * 4096 / 2**20)
print(memory_mb[1] - memory_mb[0])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ever_new_lengths_take_no_more_memory(monkeypatch):
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    measured = subprocess.run([sys.executable, "-c", MEASURE_MEMORY], capture_output=True, text=True, check=True)
    assert float(measured.stdout) < 20  # 250 kernels more would take 50 MB
