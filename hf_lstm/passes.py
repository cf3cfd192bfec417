"""How many rows of an optimizer step go through the model at once: as many as memory is sure to hold."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hf_lstm.batching import divide_batches
from hf_lstm.config import ModelConfig

MAX_STATES_PER_PASS = 2**27
"""States, those of padding included, whose backward pass is kept ready. These take 4 to 6 GB: one has 29 bytes in five
layers in bfloat16, 45 in float32, and 41 in a single layer in bfloat16."""


def divide_passes(
    lengths: NDArray[np.int64], batches: Iterable[NDArray[np.int64]], config: ModelConfig
) -> list[NDArray[np.int64]]:
    """Return a step's batches of row numbers, those cut that are too large for one pass.

    The gradients of the parts add up to that of the whole, so that this changes what a step takes, not what it does.

    Args:
        lengths: tokens of each row of the split.
        batches: of one optimizer step.
        config: of the model, whose layers, directions and units each have a state for each token.
    """
    max_places = MAX_STATES_PER_PASS // (config.num_layers * config.num_directions * config.hidden_size)
    passes = []
    for rows in batches:
        row_lengths = lengths[rows]
        if len(rows) * row_lengths.max() <= max_places:
            passes.append(rows)
        else:
            passes += [rows[part] for part in divide_batches(row_lengths, 1, max_places=max_places)]
    return passes
