"""Runs tasks in threads of one core each, with denormals flushed to zero."""

import contextlib
import ctypes
import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import torch

T = TypeVar("T")


_OMP_PAUSE_HARD = 2
"""Of OpenMP 5.0, section 3.1: https://www.openmp.org/spec-html/5.0/openmpsu139.html"""


_LARGEST_MAPPED_BYTES = 32 * 2**20 - 2**16
"""The largest block that glibc learns from, with room for its header and alignment: see `_keep_freed_memory`."""


_SHARED_NUMBERS = 2**17
"""PyTorch adds so many with several threads; from 2**15 on."""


class _Thread(threading.local):
    is_ours = False
    has_ended_team = False


_thread = _Thread()
_starting = threading.Lock()
_pools: dict[int, ThreadPoolExecutor] = {}
"""By number of threads."""


@dataclass
class _Computing:
    """Counts the threads that compute, and those that fork."""

    num_running: int = 0
    num_forks: int = 0


_computing = _Computing()
_changes = threading.Condition()


@contextlib.contextmanager
def keep_from_forking() -> Iterator[None]:
    """Let other threads fork this process only before or after.

    A fork in between would leave locks of PyTorch's libraries closed for ever in the new process. Not to be nested.
    """
    with _changes:
        _changes.wait_for(lambda: _computing.num_forks == 0)
        _computing.num_running += 1
    try:
        yield
    finally:
        with _changes:
            _computing.num_running -= 1
            _changes.notify_all()


def run_in_threads(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run tasks side by side, and return their results in order.

    They run in the caller's grad and inference mode. There are as many threads as `torch.get_num_threads` says. A
    single task runs in one of them, too, since it flushes denormals. A task may call this itself: its tasks run one
    after the other in its own thread, which has one core.
    """
    if _thread.is_ours:
        return [task() for task in tasks]
    grad, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def run(task: Callable[[], T]) -> T:
        with torch.inference_mode(inference), torch.set_grad_enabled(grad):
            return task()

    try:
        return list(_get_threads().map(run, tasks))
    except RuntimeError:
        if threading.main_thread().is_alive():
            raise
        return [task() for task in tasks]  # the interpreter is ending, and starts no more threads


def count_threads() -> int:
    """Count the threads in which `run_in_threads` would run tasks; one within a task."""
    return 1 if _thread.is_ours else torch.get_num_threads()


def _get_threads() -> ThreadPoolExecutor:
    with _starting:  # until all threads of a pool have started, PyTorch tells other threads a wrong number
        num_threads = torch.get_num_threads()
        if num_threads not in _pools:
            _pools[num_threads] = _start_threads(num_threads)
        return _pools[num_threads]


def _keep_freed_memory() -> None:
    """Have threads keep the memory that they free, for their next block.

    glibc gives it back to the system from some size on, and gets it anew for the next kernel call, zeroed page by page:
    with two threads, a sixth of the time of a small LSTM. That size is twice the largest block that was mapped by
    itself and freed. So such a block is freed here, of which no page was touched. A size that a user has set stays.

    Reference: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    torch.empty(_LARGEST_MAPPED_BYTES, dtype=torch.uint8, device="cpu")


def _hold_team() -> None:
    """Have OpenMP's threads sleep soon after they have worked, by a team that this thread keeps and never uses.

    GNU's OpenMP lets them spin for 300,000 turns in case of more work, 3 to 9 ms of an EPYC's core. They took the cores
    from our threads at each layer, forward and back, and from other programs: beside one that took a core, a training
    step lasted 1.3 to 1.8 times as long. With more threads of OpenMP than there are cores, it is 100 turns.

    Reference: https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html
    """
    torch.set_num_threads(2)
    torch.zeros(_SHARED_NUMBERS, device="cpu").add_(1)


def _start_threads(num_threads: int) -> ThreadPoolExecutor:
    _keep_freed_memory()
    all_started = threading.Barrier(num_threads + 1)
    numbers = itertools.count()

    def set_up() -> None:
        _thread.is_ours = True
        # Both belong to the thread. Flushed here, denormals need no setting of the process, which would come too late
        # for threads that already run.
        torch.set_flush_denormal(True)
        torch.get_num_threads()  # the first use takes the default, and would otherwise do so after the next line
        if num_threads > 1 and next(numbers) == 0:
            _hold_team()
        torch.set_num_threads(1)
        all_started.wait()

    pool = ThreadPoolExecutor(num_threads, thread_name_prefix="hf_lstm", initializer=set_up)
    try:
        for _ in range(num_threads):
            pool.submit(int)
        all_started.wait()
    except BaseException:  # the system may refuse a thread: those that have started must not wait for ever
        all_started.abort()
        pool.shutdown(wait=False)
        raise
    finally:
        torch.set_num_threads(num_threads)  # the threads changed the default of threads to come as well
    return pool


def _find_pause() -> Callable[[int], int] | None:
    """Find the function that ends the threads of PyTorch's OpenMP; None if it has none."""
    try:
        pause: Callable[[int], int] = ctypes.CDLL(torch._C.__file__).omp_pause_resource_all  # of what it was linked to
    except (AttributeError, OSError):
        return None
    return pause


def _prepare_fork() -> None:
    """Wait for what other threads compute, and end the OpenMP threads of this one, before it forks.

    The new process has none of the threads. It would wait for ever for a lock that another thread held, and for
    OpenMP's: already after loading a model, since to check large weights takes all cores. OpenMP starts new ones where
    they are needed, here and there.
    """
    with _changes:
        _computing.num_forks += 1
        _changes.wait_for(lambda: _computing.num_running == 0)
    _thread.has_ended_team = _pause is not None and _pause(_OMP_PAUSE_HARD) == 0


def _start_child() -> None:
    """Forget the pools in a forked process, where their threads are missing.

    It computes with one core if OpenMP's threads could not be ended, or if the process was forked past Python.
    """
    global _starting, _changes, _computing
    _starting, _changes, _computing = threading.Lock(), threading.Condition(), _Computing()
    _pools.clear()
    if not _thread.has_ended_team:
        torch.set_num_threads(1)
    _thread.has_ended_team = False


def _resume_parent() -> None:
    _thread.has_ended_team = False
    with _changes:
        _computing.num_forks -= 1
        _changes.notify_all()


_pause = _find_pause()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_prepare_fork, after_in_child=_start_child, after_in_parent=_resume_parent)
