import os
import platform
import subprocess
import sys
import threading
from collections.abc import Mapping

import pytest
import torch

from hf_lstm.nn.cpu.threads import run_in_threads


@pytest.fixture(params=[1, 3], ids="{}-threads".format)
def num_threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_keep_their_order(num_threads):
    assert run_in_threads([lambda number=number: number for number in range(20)]) == list(range(20))


def test_each_thread_computes_with_one_core_and_the_caller_with_as_many_as_before(num_threads):
    assert run_in_threads([torch.get_num_threads] * 4) == [1] * 4
    assert torch.get_num_threads() == num_threads


def test_as_many_tasks_run_side_by_side_as_there_are_threads(num_threads):
    all_there = threading.Barrier(num_threads)
    run_in_threads([lambda: all_there.wait(timeout=600)] * num_threads)


def test_tasks_of_a_task_run_in_its_thread(num_threads):
    outer = run_in_threads([lambda: (threading.get_ident(), run_in_threads([threading.get_ident] * 3))] * 4)
    assert all(inner == [thread] * 3 for thread, inner in outer)


def test_denormals_are_zero_in_the_threads_only(num_threads):
    torch.set_flush_denormal(False)  # a run in this process, of another test, sets it
    denormal = torch.tensor([1e-40])
    assert run_in_threads([lambda: (denormal * 1).item()]) == [0.0]
    assert (denormal * 1).item() > 0


@pytest.mark.parametrize("context", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_the_callers_mode_holds_in_the_threads(context):
    with context():
        expected = (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
        assert run_in_threads([lambda: (torch.is_grad_enabled(), torch.is_inference_mode_enabled())]) == [expected]


def test_an_error_reaches_the_caller():
    def fail() -> None:
        raise KeyError("a task's error")

    with pytest.raises(KeyError, match="a task's error"):
        run_in_threads([fail, fail])


def run_python(code: str, env: Mapping[str, str] | None = None) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, env=env).stdout


def test_first_callers_at_once_leave_the_number_of_threads_as_it_was():
    code = """
import threading, torch
from hf_lstm.nn.cpu.threads import run_in_threads
torch.set_num_threads(3)
start, seen = threading.Barrier(8), []
def call():
    start.wait()
    run_in_threads([lambda: 1])
    seen.append(torch.get_num_threads())
callers = [threading.Thread(target=call) for _ in range(8)]
[caller.start() for caller in callers]
[caller.join() for caller in callers]
print(seen, torch.get_num_threads())
"""
    assert run_python(code) == f"{[3] * 8} 3\n"


def test_a_system_out_of_threads_is_an_error_and_no_hang():
    code = """
import threading, torch
from hf_lstm.nn.cpu.threads import run_in_threads
torch.set_num_threads(3)
start, num_started = threading.Thread.start, []
def fail_third(thread):
    num_started.append(1)
    if len(num_started) == 3:
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = fail_third
try:
    run_in_threads([int])
except RuntimeError as error:
    print(error, torch.get_num_threads())
print(run_in_threads([lambda: 1]))
"""
    assert run_python(code) == "can't start new thread 3\n[1]\n"


def test_tasks_run_while_the_interpreter_ends():
    code = """
import atexit
from hf_lstm.nn.cpu.threads import run_in_threads
run_in_threads([int])
atexit.register(lambda: print(run_in_threads([lambda: 1, lambda: 2])))
"""
    assert run_python(code) == "[1, 2]\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_predicts_as_its_parent_did(tiny_model_folder):
    code = f"""
import os, torch
from hf_lstm import LSTMSentiment
torch.set_num_threads(2)
model = LSTMSentiment.from_pretrained({str(tiny_model_folder)!r})
texts = ["a great film", "the worst waste of time"] * 50
torch.rand(10**6).sum()  # starts OpenMP's threads, too
expected = model.predict_proba(texts)
child = os.fork()
if child == 0:
    os._exit(0 if torch.allclose(model.predict_proba(texts), expected) else 1)
print(os.waitpid(child, 0)[1])
"""
    assert run_python(code) == "0\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_waits_for_what_other_threads_compute():
    code = """
import os, threading, time
from hf_lstm.nn.cpu.threads import keep_from_forking
began, events = threading.Event(), []
def compute():
    with keep_from_forking():
        began.set()
        time.sleep(0.5)
        events.append("computed")
thread = threading.Thread(target=compute)
thread.start()
began.wait()
if os.fork() == 0:
    with keep_from_forking():  # free in the new process
        os._exit(0)
events.append("forked")
thread.join()
print(events, os.wait()[1])
"""
    assert run_python(code) == "['computed', 'forked'] 0\n"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="is about glibc")
def test_freed_memory_is_not_taken_anew_from_the_system():
    code = """
import functools, resource, torch
from hf_lstm.nn.cpu.threads import run_in_threads
from hf_lstm.nn.ragged_lstm import RaggedLSTM
torch.set_num_threads(2)
lstm, table = RaggedLSTM(48, 24), torch.randn(9, 48)
def read(num_steps):
    ids, lengths = torch.zeros(256, num_steps, dtype=torch.int64), torch.full((256,), num_steps)
    with torch.inference_mode():
        lstm.summarize(table, lengths, frozenset({"total", "maximum"}), indices=ids)
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    run_in_threads([functools.partial(read, num_steps) for num_steps in (192, 128, 64) * 3])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    *_, before_last, last = map(int, run_python(code).split())
    assert before_last + last < 3_000  # pages; it was 14,000


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="is about GNU's OpenMP, of Linux")
def test_threads_of_openmp_leave_the_cores_to_ours_once_they_have_worked():
    code = """
import os, time, torch
from hf_lstm.nn.cpu.threads import run_in_threads
torch.set_num_threads(len(os.sched_getaffinity(0)))
def measure_idle_work():
    torch.zeros(2**20).add_(1)
    before = time.process_time()
    time.sleep(0.1)
    return time.process_time() - before
run_in_threads([int])
print(min(measure_idle_work() for _ in range(5)))
"""
    as_a_user_has_it = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    assert float(run_python(code, as_a_user_has_it)) < 0.001  # seconds of all cores; it was 0.005
