"""Several processes that train together. They are forked, as a new one would import PyTorch for seconds."""

import dataclasses
import multiprocessing
import os
import signal
import sys
import time

import pytest
from forked import MAX_S, collect, start_all
from tiny_training import SHARDED, make_random_model, make_rows

from hf_lstm.distributed.launch import Launch
from hf_lstm.distributed.processes import Processes, find_device
from hf_lstm.errors import InputError, LostProcessError
from hf_lstm.training.loop import epochs as loop

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks")


def train_all(processes, stop=lambda step: None):
    rows, model, step = make_rows(50, 0), make_random_model(), loop.train_step

    def take_step(run, *arguments, **more):
        stop(run.step)
        return step(run, *arguments, **more)

    loop.train_step = take_step  # in this process, which is forked
    epochs = loop.train(model, rows, make_rows(13, 1), SHARDED, show_progress=False, processes=processes)
    figures = [dataclasses.replace(epoch, elapsed_s=0.0) for epoch in epochs]
    return figures, [weights.tolist() for weights in model.state_dict().values()]


def test_each_process_has_a_gpu_of_its_own(monkeypatch):
    second = Launch(rank=1, num_processes=2, local_rank=1)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert find_device("auto", second) == "cuda:1"
    assert find_device("cpu", second) == "cpu"
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    assert find_device("cpu", second) == "cpu"
    with pytest.raises(InputError, match=r"process 1 .* there are 1; start 1 \(torchrun .*--device cpu"):
        find_device("cuda", second)


def test_any_number_of_processes_gives_the_same_bits():
    alone = train_all(Processes())
    for number in (2, 3):  # 3 have 2, 1 and 1 of 4 shards, and the last batch has too few rows for all
        found = collect(*start_all(train_all, number), number)
        assert [found[rank] for rank in range(number)] == [alone] * number


def test_a_process_that_dies_ends_the_others():
    def work(processes):
        return train_all(processes, lambda step: os.kill(os.getpid(), 9) if (step, processes.rank) == (2, 1) else None)

    started = time.monotonic()
    found = collect(*start_all(work, 3), 2)
    assert {rank: type(answer) for rank, answer in found.items()} == {0: LostProcessError, 2: LostProcessError}
    assert "another process of this training ended" in str(found[0])
    assert time.monotonic() - started < MAX_S


def test_a_wish_to_end_ends_all_after_the_same_step():
    taken = multiprocessing.get_context("fork").Array("i", 2)

    def stop(step, rank):
        taken[rank] = step
        if (step, rank) == (2, 1):
            os.kill(os.getpid(), signal.SIGTERM)

    found = collect(*start_all(lambda processes: train_all(processes, lambda step: stop(step, processes.rank)), 2), 2)
    assert [str(found[rank]) for rank in (0, 1)] == ["143", "143"]
    assert list(taken) == [2, 2]


def test_processes_that_found_other_rows_are_refused():
    def work(processes):
        assert processes.share(processes.rank) == 0
        return processes.require_same({"rows": processes.rank, "targets": None})

    found = collect(*start_all(work, 2), 2)
    assert found[0] is None
    assert isinstance(found[1], InputError)
    assert "process 1 has found other rows than process 0" in str(found[1])
