"""Tests what is said of free memory."""

import errno
import sys

import pytest

from hf_lstm.runtime import memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the kernel of Linux")
def test_the_least_that_somebody_leaves_counts(monkeypatch):
    assert 0 < memory.measure_free_bytes() < 2**50
    monkeypatch.setattr(memory, "_measure_container", lambda: 7)
    assert memory.measure_free_bytes() == 7


def test_where_nobody_can_be_asked_nothing_is_said(monkeypatch):
    for name in ("_measure_machine", "_measure_container", "_measure_process"):
        monkeypatch.setattr(memory, name, lambda: None)
    assert memory.measure_free_bytes() is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (OSError(errno.ENOENT, "No such file"), False),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("shapes differ"), False),
    ],
)
def test_full_memory_is_known_by_whoever_tells_it(error, expected):
    assert memory.is_of_memory(error) is expected
