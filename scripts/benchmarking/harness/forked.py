"""Does slices of the same work in a process per core.

This is what Python offers where it has no threads.
"""

import multiprocessing
from collections.abc import Callable
from typing import Any

from hf_lstm.runtime.cores import count_cores

_work: tuple[Callable[[list[str]], Any], list[list[str]]] | None = None  # of a pool's process


class SliceProcesses:
    """Runs slices of the same work in a process per core.

    Each process holds the work and all slices already, so that only the work itself takes time. Works where `fork` does
    (Linux, macOS), and must be made before this process starts threads.
    """

    def __init__(self, do_slice: Callable[[list[str]], Any], texts: list[str]) -> None:
        self.num_processes = count_cores()
        slices = [texts[number :: self.num_processes] for number in range(self.num_processes)]
        context = multiprocessing.get_context("fork")
        self._pool = context.Pool(self.num_processes, initializer=_keep, initargs=((do_slice, slices),))

    def __enter__(self) -> "SliceProcesses":
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.terminate()
        self._pool.join()

    def do_all(self) -> None:
        """Do every slice once, and wait until all are done.

        Results stay where they are.
        """
        self._pool.map(_do_slice, range(self.num_processes), chunksize=1)


def _keep(work: tuple[Callable[[list[str]], Any], list[list[str]]]) -> None:
    global _work
    _work = work


def _do_slice(number: int) -> None:
    assert _work is not None
    do_slice, slices = _work
    do_slice(slices[number])
