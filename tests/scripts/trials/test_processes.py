"""`trials.processes`: what is found of the processes that run."""

import os
import subprocess
import sys
import time

import pytest

from trials.processes import find_descendants, find_process, find_session, is_alive

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes through /proc")
SCRIPT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-S", "-c", "import subprocess; subprocess.run(['sleep', '600'])"])
print(flush=True)
time.sleep(600)
"""


def is_whole(session):
    """Tell whether a session has its three processes, of which the last has become `sleep`."""
    found = [process for number in session if (process := find_process(number)) is not None]
    return len(found) == 3 and any(process.read("cmdline").startswith(b"sleep") for process in found)


@pytest.fixture
def leader():
    """Start a process of a session of its own, which starts one that starts another."""
    process = subprocess.Popen([sys.executable, "-S", "-c", SCRIPT], start_new_session=True, stdout=subprocess.PIPE)
    process.stdout.readline()
    end_s = time.monotonic() + 300
    while not is_whole(find_session(process.pid)) and time.monotonic() < end_s:
        pass
    yield process
    for number in find_session(process.pid):
        os.kill(number, 9)
    process.wait()
    process.stdout.close()


def test_those_below_a_process_are_found_and_not_those_beside_it(leader):
    child, grandchild = sorted(find_descendants(leader.pid), key=lambda each: each.parent != leader.pid)
    assert (child.parent, grandchild.parent) == (leader.pid, child.number)
    assert grandchild.read("cmdline") == b"sleep\x00600\x00"
    assert {child.number, grandchild.number} < {each.number for each in find_descendants(os.getpid())}


def test_a_session_outlives_its_leader(leader):
    leader.kill()
    os.waitid(os.P_PID, leader.pid, os.WEXITED | os.WNOWAIT)
    assert find_process(leader.pid).state == "Z"
    assert not is_alive(leader.pid)
    assert len(find_session(leader.pid)) == 2
    assert find_session(leader.pid)[0] != leader.pid


def test_there_is_no_process_of_a_number_that_none_has():
    assert find_process(2**22 + 1) is None
    assert not is_alive(2**22 + 1)
