"""The short form of scripts/crash_matrix.py: a few of its runs."""

import dataclasses
import sys

import pytest
import torch

from trials.crashes.calls import MODES
from trials.crashes.matrix import Outcomes, Strike, list_strikes, run_whole, strike, strike_all

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="follows files through /proc")


def test_a_run_that_dies_at_a_call_is_resumed_to_the_bit(tmp_path):
    torch.set_num_threads(1)  # so that the process can be forked
    whole = run_whole(tmp_path / "whole")
    assert {"open", "write", "fsync", "rename", "unlink", "mkdir", "rmdir", "ftruncate"} <= set(whole.names)
    assert whole.names.count("write") > 60 / 5 * 3  # tensors, state and manifest of each checkpoint, and more
    strikes = [Strike(mode, len(whole.names) * (2 * index + 1) // (2 * len(MODES))) for index, mode in enumerate(MODES)]
    strikes += [Strike("SIGKILL", 0), Strike("SIGTERM", 1), Strike("starts", 0)]
    outcomes = Outcomes(tmp_path / "outcomes", len(whole.names))
    strike_all(tmp_path, whole, strikes, outcomes, workers=1, minutes=0)  # stopped at once
    assert outcomes.read() == {}
    strike_all(tmp_path, whole, strikes, outcomes, workers=2, minutes=60)
    assert outcomes.read() == dict.fromkeys(strikes)
    assert Outcomes(tmp_path / "outcomes", 1).read() == {}  # of other runs


def test_a_run_that_was_not_stopped_or_came_to_something_else_is_wrong(tmp_path):
    torch.set_num_threads(1)
    whole = run_whole(tmp_path / "whole")
    never = Strike("kill before", len(whole.names) + 1)
    longer = dataclasses.replace(whole, names=[*whole.names, "", ""])
    assert strike(tmp_path / "run", longer, never) == f"kill before at call {never.number}, : the call was not reached"
    other = dataclasses.replace(whole, digests={**whole.digests, "weights": "0"})
    assert strike(tmp_path / "run", other, Strike("kill before", 1)).endswith(": not resumed to the bit")


def test_the_order_of_strikes_is_that_of_any_time():
    counts = {"every": 2, "kills": 3, "signals": 2, "starts": 1}
    strikes = list_strikes(4, **counts)
    assert strikes == list_strikes(4, **counts)
    assert len(set(strikes)) == len(strikes) == 2 * len(MODES) + 6
