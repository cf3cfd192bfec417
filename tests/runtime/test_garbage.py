"""Tests that imports are not held up by the search for garbage."""

import gc
import subprocess
import sys
from contextlib import contextmanager

import pytest

from hf_lstm.runtime.garbage import pausing_collection


@contextmanager
def collector(*, is_enabled: bool):
    was_enabled = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        yield
    finally:
        (gc.enable if was_enabled else gc.disable)()


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_collector_is_as_it_was_afterwards_also_after_an_error(is_enabled):
    def fail():
        with pausing_collection():
            assert not gc.isenabled()
            raise KeyError

    with collector(is_enabled=is_enabled):
        with pytest.raises(KeyError):
            fail()
        assert gc.isenabled() == is_enabled


@pytest.mark.parametrize("statement", ["from hf_lstm import LSTMSentiment", "import hf_lstm; hf_lstm.LSTMSentiment"])
def test_what_importing_the_model_makes_is_old_and_never_looked_through(statement):
    code = f"""
import gc
def count(): return gc.get_stats()[2]["collections"]
before = count()
{statement}
print(count() - before, gc.isenabled(), gc.get_freeze_count(), len(gc.get_objects(0)) + len(gc.get_objects(1)) < 10_000)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "0 True 0 True\n"


def test_what_was_frozen_stays_so():
    code = """
import gc
from hf_lstm.runtime.garbage import pausing_collection
gc.freeze()
before = gc.get_freeze_count()
with pausing_collection():
    pass
print(gc.get_freeze_count() == before > 0)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "True\n"
