import os

import pytest

from hf_lstm.runtime.cores import count_allowed_cores, limit_threads


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "num_cores"),
    [
        ({}, None),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "20000 100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000\n"}, None),
        ({"cpu.max": "0 0\n"}, None),
        ({"cpu.max": "what?"}, None),
    ],
)
def test_a_quota_is_counted_in_whole_cores(tmp_path, files, num_cores):
    assert count_allowed_cores(write(tmp_path, files)) == num_cores


@pytest.mark.parametrize(("set_by_user", "found"), [(None, "1"), ("3", "3")])
def test_threads_are_as_many_as_a_quota_allows_unless_the_user_says_otherwise(
    tmp_path, monkeypatch, set_by_user, found
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", set_by_user or "")
    if set_by_user is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    limit_threads(write(tmp_path, {"cpu.max": "50000 100000"}))
    assert os.environ["OMP_NUM_THREADS"] == found


@pytest.mark.parametrize("files", [{}, {"cpu.max": "400000 100000"}])
def test_threads_are_those_of_the_machine_without_a_quota_or_with_a_larger_one(tmp_path, monkeypatch, files):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    monkeypatch.delenv("OMP_NUM_THREADS")
    limit_threads(write(tmp_path, files))
    assert "OMP_NUM_THREADS" not in os.environ
