import random

import numpy as np
import pytest
import torch

from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.storage.random_states import capture_random_states, restore_random_states


def draw():
    return random.random(), random.gauss(0, 1), np.random.normal(), torch.rand(3).tolist(), torch.randn(2).tolist()


def test_all_generators_go_on_where_they_were_saved(tmp_path):
    draw()  # an odd number of normal numbers: half of a pair waits
    Checkpoints(tmp_path).save(capture_random_states())
    expected = [draw() for _ in range(3)]
    restore_random_states(Checkpoints(tmp_path).load_latest())
    assert [draw() for _ in range(3)] == expected


class Devices:
    """Stands for `torch.cuda` and its like: a generator on each device."""

    def __init__(self, *seeds):
        self.states = [torch.tensor([seed], dtype=torch.uint8) for seed in seeds]

    def is_available(self):
        return bool(self.states)

    is_initialized = is_available

    def device_count(self):
        return len(self.states)

    def get_rng_state(self, index):
        return self.states[index]

    def set_rng_state(self, state, index):
        self.states[index] = state


class OneDevice(Devices):
    """Stands for `torch.mps`, which has no numbers of devices."""

    def get_rng_state(self):
        return super().get_rng_state(0)

    def set_rng_state(self, state):
        super().set_rng_state(state, 0)


@pytest.mark.parametrize("name", ["cuda", "xpu", "mps"])
def test_generators_of_devices_go_on_where_they_were_saved_if_these_are_there(tmp_path, monkeypatch, name):
    there = {"cuda": Devices(), "xpu": Devices(), "mps": OneDevice()}

    def find(name, *seeds):
        there[name] = (OneDevice if name == "mps" else Devices)(*seeds)
        return there[name]

    monkeypatch.setattr(torch, "get_device_module", there.get)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there["mps"].is_available())
    find(name, 1) if name == "mps" else find(name, 1, 2)
    Checkpoints(tmp_path).save(capture_random_states())
    states = Checkpoints(tmp_path).load_latest()
    assert list(states["devices"]) == [name]
    for seeds in ([], [7]) if name == "mps" else ([], [7], [7, 8], [7, 8, 9]):
        found = find(name, *seeds)
        restore_random_states(states)
        assert [int(state) for state in found.states] == [1, 2][: len(seeds)] + seeds[2:]
