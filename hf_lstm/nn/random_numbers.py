"""Says where the random numbers of a thread come from."""

import contextlib
import threading
from collections.abc import Iterator

import torch


class _Thread(threading.local):
    generator: torch.Generator | None = None


_thread = _Thread()


def get_generator() -> torch.Generator | None:
    """Return what this thread draws from on a CPU; None for PyTorch's own generator, which all threads share."""
    return _thread.generator


@contextlib.contextmanager
def draw_from(generator: torch.Generator) -> Iterator[None]:
    """Have dropout and the like draw from a generator in this thread, during a block."""
    before, _thread.generator = _thread.generator, generator
    try:
        yield
    finally:
        _thread.generator = before
