"""The short form of scripts/crash_matrix.py: a few of its runs."""

import dataclasses
import gc
import shutil
import signal
import sys

import pytest
import torch

from trials.crashes.calls import MODES, Calls, run_forked
from trials.crashes.matrix import list_strikes, run_whole, strike, strike_all
from trials.crashes.outcomes import Outcomes, Strike
from trials.crashes.run import TRAINING, train_in_folder
from trials.crashes.saves import find_loss
from trials.crashes.work import name_counter

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="follows files through /proc")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    torch.set_num_threads(1)  # so that the process can be forked
    return run_whole(TRAINING, tmp_path_factory.mktemp("crashes") / "whole")


def test_a_run_that_dies_at_a_call_is_resumed_to_the_bit(whole, tmp_path):
    assert {"open", "write", "fsync", "rename", "unlink", "mkdir", "rmdir", "ftruncate"} <= set(whole.names)
    assert whole.names.count("write") > 60 / 5 * 3  # tensors, state and manifest of each checkpoint, and more
    strikes = [Strike(mode, len(whole.names) * (2 * index + 1) // (2 * len(MODES))) for index, mode in enumerate(MODES)]
    strikes += [Strike("SIGKILL", 0), Strike("SIGINT", 0), Strike("SIGTERM", 1), Strike("starts", 0)]
    outcomes = Outcomes(tmp_path / "outcomes", whole.of)
    strike_all(tmp_path, whole, strikes, outcomes, workers=1, minutes=0)  # stopped at once
    assert outcomes.read() == {}
    strike_all(tmp_path, whole, strikes, outcomes, workers=2, minutes=60)
    assert outcomes.read() == dict.fromkeys(strikes)
    assert Outcomes(tmp_path / "outcomes", "other").read() == {}  # of other runs


def test_a_search_that_dies_at_a_call_is_resumed_as_if_nothing_was(tmp_path):
    pytest.importorskip("optuna")
    from trials.crashes.search import SEARCH

    torch.set_num_threads(1)
    searched = run_whole(SEARCH, tmp_path / "whole")
    gc.unfreeze()  # for other tests of this process
    trials = searched.outcome["search.json"]["trials"]
    assert [trial["state"] for trial in trials] == ["complete", "complete", "pruned"]
    num_calls = len(searched.names)
    # Some where the last trial ends, which leaves its folder, and some anywhere.
    strikes = [Strike("kill before", num_calls - number) for number in range(4, 64, 20)]
    strikes += [Strike(mode, num_calls * (2 * index + 1) // (2 * len(MODES))) for index, mode in enumerate(MODES)]
    strikes += [Strike("SIGTERM", 1)]
    outcomes = Outcomes(tmp_path / "outcomes", searched.of)
    strike_all(tmp_path, searched, strikes, outcomes, workers=2, minutes=60)
    assert outcomes.read() == dict.fromkeys(strikes)


def test_a_signal_is_heard_where_a_shell_runs_the_tests_aside(whole, tmp_path):
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert strike(tmp_path / "run", whole, Strike("SIGINT", 0)) is None
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, heard)


def test_a_run_that_was_not_stopped_or_came_to_something_else_is_wrong(whole, tmp_path):
    never = Strike("kill before", len(whole.names) + 1)
    longer = dataclasses.replace(whole, names=[*whole.names, "", ""])
    assert strike(tmp_path / "run", longer, never) == f"kill before at call {never.number}, : the call was not reached"
    other = dataclasses.replace(whole, outcome={**whole.outcome, "weights": "0"})
    assert strike(tmp_path / "run", other, Strike("kill before", 1)).endswith(": resumed, it is another run: weights")


def test_what_was_saved_and_is_gone_or_damaged_is_found(tmp_path):
    def run():
        with Calls(tmp_path / "run", strike_at=300).watching():
            train_in_folder(tmp_path / "run")

    torch.set_num_threads(1)
    assert run_forked(run) == -signal.SIGKILL
    assert find_loss(tmp_path / "run") is None
    before, last = sorted((tmp_path / "run").rglob("checkpoint-*[0-9]"))
    assert last.name == f"checkpoint-{name_counter(tmp_path / 'run').stat().st_size:06d}"
    (last / "state.json").write_text("{}")
    assert find_loss(tmp_path / "run").endswith("is damaged")
    shutil.rmtree(last)
    assert find_loss(tmp_path / "run").endswith(f"the newest is number {int(before.name[-6:])}")


def test_the_order_of_strikes_is_that_of_any_time():
    counts = {"every": 2, "kills": 3, "signals": 2, "starts": 1}
    strikes = list_strikes(4, **counts)
    assert strikes == list_strikes(4, **counts)
    assert len(set(strikes)) == len(strikes) == 2 * len(MODES) + 6
