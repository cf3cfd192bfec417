"""Captures and restores the states of all random number generators."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

_DEVICES = ("cuda", "xpu", "mps")


def capture_random_states() -> dict[str, Any]:
    """Return the states of the generators of PyTorch (on each device), NumPy and Python.

    They are tensors and numbers, which `Checkpoints` saves. Our dropout draws from PyTorch's.
    """
    kind, numpy_words, *numpy_rest = np.random.get_state(legacy=True)
    assert kind == "MT19937"
    version, python_words, python_normal = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "devices": {name: _capture_devices(name) for name in _DEVICES if _is_used(name)},
        "numpy": [torch.from_numpy(np.asarray(numpy_words, dtype=np.int64)), *map(float, numpy_rest)],
        "python": [version, torch.tensor(python_words, dtype=torch.int64), python_normal],
    }


def restore_random_states(states: Mapping[str, Any]) -> None:
    """Restore what `capture_random_states` returned.

    Devices that are not there now are left out.
    """
    torch.set_rng_state(states["torch"])
    for name, of_devices in states["devices"].items():
        module = torch.get_device_module(name)
        if module.is_available():
            for index, state in enumerate(of_devices[: module.device_count()]):
                module.set_rng_state(state, index) if name != "mps" else module.set_rng_state(state)
    words, position, has_normal, normal = states["numpy"]
    np.random.set_state(("MT19937", words.numpy().astype(np.uint32), int(position), int(has_normal), normal))
    version, python_words, python_normal = states["python"]
    random.setstate((version, tuple(python_words.tolist()), python_normal))


def _capture_devices(name: str) -> list[torch.Tensor]:
    module = torch.get_device_module(name)
    if name == "mps":
        return [module.get_rng_state()]
    return [module.get_rng_state(index) for index in range(module.device_count())]


def _is_used(name: str) -> bool:
    """Tell whether this process has begun to use a kind of device: asking for its states would begin it."""
    if name == "mps":
        return torch.backends.mps.is_available()
    return bool(torch.get_device_module(name).is_initialized())
