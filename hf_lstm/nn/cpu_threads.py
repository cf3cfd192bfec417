"""Runs tasks in threads of one core each, with denormals flushed to zero."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")


class _Thread(threading.local):
    is_ours = False


_thread = _Thread()
_starting = threading.Lock()
_pools: dict[int, ThreadPoolExecutor] = {}
"""By number of threads."""


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


def _get_threads() -> ThreadPoolExecutor:
    with _starting:  # until all threads of a pool have started, PyTorch tells other threads a wrong number
        num_threads = torch.get_num_threads()
        if num_threads not in _pools:
            _pools[num_threads] = _start_threads(num_threads)
        return _pools[num_threads]


def _start_threads(num_threads: int) -> ThreadPoolExecutor:
    all_started = threading.Barrier(num_threads + 1)

    def set_up() -> None:
        _thread.is_ours = True
        # Both belong to the thread. Flushed here, denormals need no setting of the process, which would come too late
        # for threads that already run.
        torch.set_flush_denormal(True)
        torch.get_num_threads()  # the first use takes the default, and would otherwise do so after the next line
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


def _forget_threads() -> None:
    """Forget the pools in a forked process, where their threads are missing.

    It computes with one core: the threads of OpenMP are missing as well, and PyTorch would wait for them for ever.
    """
    global _starting
    _starting = threading.Lock()
    if _pools:
        _pools.clear()
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
