"""The short form of scripts/crash_matrix.py: a few of its runs."""

import sys

import pytest
import torch

from crash_testing.calls import MODES
from crash_testing.matrix import kill_randomly, run_whole, strike_calls

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="follows files through /proc")


def test_a_run_that_dies_at_a_call_is_resumed_to_the_bit(tmp_path):
    torch.set_num_threads(1)  # so that the process can be forked
    expected, names, elapsed_s = run_whole(tmp_path / "whole")
    assert {"open", "write", "fsync", "rename", "unlink", "mkdir", "rmdir", "ftruncate"} <= set(names)
    assert names.count("write") > 60 / 5 * 3  # tensors, state and manifest of each checkpoint, and more
    for index, mode in enumerate(MODES):
        number = len(names) * (2 * index + 1) // (2 * len(MODES))
        assert strike_calls(tmp_path / "run", expected, names, [number], [mode]) == {"runs": {mode: 1}, "wrong": []}
    killed = kill_randomly(tmp_path / "run", expected, 2, elapsed_s)
    assert killed["wrong"] == []
