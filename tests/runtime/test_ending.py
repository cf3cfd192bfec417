"""The end of a process: what still runs, its exit code, and how long it may take."""

import subprocess
import sys

import pytest

START = """
import atexit, os, signal, sys, threading, time
from hf_lstm.runtime import ending
from hf_lstm.runtime.ending import EndWatch, ends_in_time
ending.GRACE_S, ending._FINISHING_S, ending._CHECK_S = 0.3, 0.1, 0.05
"""
BUSY = "__import__('hashlib').pbkdf2_hmac('sha256', b'', b'', 10**9)"
"""Works for minutes in a library, where Python runs no handlers."""


def run(code):
    result = subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, timeout=600)
    return result.returncode, result.stdout.split(), result.stderr


@pytest.mark.parametrize(("ending", "code"), [("pass", 0), ("sys.exit(3)", 3), ("sys.exit('no')", 1)])
def test_the_end_runs_what_is_registered_for_it_and_takes_nothing_apart(ending, code):
    found = run(f"""
class Piece:
    def __del__(self):
        print("apart")
piece = Piece()
with ends_in_time():
    atexit.register(print, "registered")
    threading.Thread(target=lambda: (time.sleep(0.1), print("thread"))).start()
    print("work")
    {ending}
""")
    assert found == (code, ["work", "thread", "registered"], "no\n" if code == 1 else "")


def test_an_error_is_shown():
    code, printed, errors = run("with ends_in_time():\n    print('work')\n    1 / 0")
    assert (code, printed) == (1, ["work"])
    assert errors.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks")
def test_a_fork_ends_by_itself_and_its_signals_are_its_own():
    found = run("""
with ends_in_time():
    if (child := os.fork()) == 0:
        signal.signal(signal.SIGTERM, lambda *_: None)
        os.kill(os.getpid(), signal.SIGTERM)
        atexit.register(print, "child")
        sys.exit(7)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    time.sleep(0.6)
    print("parent", code)
""")
    assert found[:2] == (0, ["child", "parent", "7"])


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_who_does_not_hear_that_it_is_to_end_is_ended(name, code):
    found = run(f"""
signal.signal(signal.{name}, lambda *_: sys.exit({code}))  # where the signal is heard, as the timer is early
with ends_in_time():
    threading.Timer(0.2, os.kill, [os.getpid(), signal.{name}]).start()
    {BUSY}
""")
    assert found[0] == code


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
def test_what_is_being_saved_is_saved_first():
    found = run(f"""
signal.signal(signal.SIGTERM, lambda *_: None)
with ends_in_time():
    with EndWatch.finished_first():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
        os.write(1, b"saved")
    {BUSY}
""")
    assert found[:2] == (143, ["saved"])


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
def test_a_watch_within_another_tells_it_and_ends_with_its_block():
    found = run(f"""
signal.signal(signal.SIGTERM, lambda *_: None)
with ends_in_time():
    with EndWatch.finished_first():  # a busy machine may need longer than the time of grace
        watch = EndWatch()
        watch.start()
        os.kill(os.getpid(), signal.SIGTERM)
        watch.stop()
        os.write(1, b"stopped")
    {BUSY}
""")
    assert found[:2] == (143, ["stopped"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="orphans")
def test_an_orphan_is_asked_to_end():
    found = run("""
ending.GRACE_S = 60  # to be heard on a busy machine, too
parent, (reading, writing) = os.getpid(), os.pipe()
if os.fork() == 0:
    signal.signal(signal.SIGTERM, lambda *_: (print("asked", flush=True), os._exit(0)))
    EndWatch(parent=parent).start()
    os.write(1, b"watching ")
    os.write(writing, b".")
    time.sleep(600)
os.read(reading, 1)
""")
    assert found[1] == ["watching", "asked"]
