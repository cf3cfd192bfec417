"""Says where the random numbers of a thread come from, and draws them once more."""

import contextlib
import threading
from collections.abc import Iterator

import torch


class RandomState:
    """Holds where the random numbers of this thread and a device stand, for them to be drawn once more."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._state = self._read()

    @contextlib.contextmanager
    def replayed(self) -> Iterator[None]:
        """Draw within a block what followed on the state; after it, go on as if nothing was drawn."""
        now = self._read()
        self._write(self._state)
        try:
            yield
        finally:
            self._write(now)

    def _read(self) -> torch.Tensor:
        if self._device.type == "cpu":
            return (get_generator() or torch.default_generator).get_state()
        state: torch.Tensor = torch.get_device_module(self._device).get_rng_state(*self._name())
        return state

    def _write(self, state: torch.Tensor) -> None:
        if self._device.type == "cpu":
            (get_generator() or torch.default_generator).set_state(state)
        else:
            torch.get_device_module(self._device).set_rng_state(state, *self._name())

    def _name(self) -> tuple[torch.device, ...]:
        return () if self._device.type == "mps" else (self._device,)


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
