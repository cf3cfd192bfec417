import random

import numpy as np
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
