"""The short form of scripts/try_hostile_files.py: a few of its files."""

import sys

import pytest
import torch

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits processes as Linux does")


def test_hostile_files_are_refused_in_processes_with_little_memory(tmp_path, monkeypatch):
    from trials.faults import hostile_files
    from trials.faults.damages import DAMAGES
    from trials.faults.hostile_files import try_damages, try_flips, try_truncations
    from trials.faults.small_model import save_small_model

    monkeypatch.setattr(hostile_files, "MAX_S", 600.0)  # a busy machine is no fault of a file
    torch.set_num_threads(1)  # so that the process can be forked
    model = save_small_model(tmp_path / "small")
    names = list(DAMAGES)[::12]
    tried = try_damages(model, tmp_path, names)
    assert (tried["refused"], tried["wrong"]) == (len(names), [])
    assert try_truncations(model, tmp_path, every=100)["wrong"] == []
    assert try_flips(model, tmp_path, num_flips=30)["wrong"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_what_ends_a_process_or_lasts_is_told(monkeypatch):
    import os
    import signal
    import time

    from trials.faults import hostile_files

    assert hostile_files.run_limited(lambda: os.kill(os.getpid(), signal.SIGKILL))[0]["outcome"] == "ended by signal 9"
    assert hostile_files.run_limited(lambda: os._exit(3))[0]["outcome"] == "ended"
    monkeypatch.setattr(hostile_files, "MAX_S", 0.2)
    assert hostile_files.run_limited(lambda: time.sleep(60))[0]["outcome"] == "hangs"
