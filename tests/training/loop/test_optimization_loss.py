import math

import numpy as np
import pytest

from hf_lstm.errors import DivergenceError, InputError
from hf_lstm.records.results import Epoch, EpochFigures
from hf_lstm.training.loop.optimization import compute_row_weights, require_convergence


def test_weights_of_rows():
    labels = np.array([0, 0, 0, 1, 2, 2])
    assert compute_row_weights(labels, None, num_labels=3).tolist() == [1.0] * 6
    assert compute_row_weights(labels, "1, 2,0.5", num_labels=3).tolist() == [1, 1, 1, 2, 0.5, 0.5]
    balanced = compute_row_weights(labels, "balanced", num_labels=3)
    sums = [balanced[labels == label].sum() for label in range(3)]
    assert sums == pytest.approx([2, 2, 2])
    assert np.isfinite(compute_row_weights(labels, "balanced", num_labels=4)).all()
    with pytest.raises(InputError, match="2 numbers, but there are 3 labels"):
        compute_row_weights(labels, "1,2", num_labels=3)


@pytest.mark.parametrize("num_labels", [2, 3, 100])
@pytest.mark.parametrize("ratio", [0.01, 1.0, 1.5, 9.9, 10.1, 3e30, math.inf, math.nan])
def test_a_best_epoch_far_worse_than_guessing_diverged(num_labels, ratio):
    losses = [math.nan, ratio * math.log(num_labels), 1e9]  # the second is the best, the others do not matter
    train = EpochFigures(loss=0.5, accuracy=0.5)
    epochs = [
        Epoch(epoch=i + 1, is_best=i < 2, train=train, validation=EpochFigures(loss=loss, accuracy=0.5), elapsed_s=1.0)
        for i, loss in enumerate(losses)
    ]
    if ratio < 10:
        require_convergence(epochs, guessing_loss=math.log(num_labels))
    else:
        with pytest.raises(DivergenceError, match="epoch 2, the best: validation loss") as caught:
            require_convergence(epochs, guessing_loss=math.log(num_labels))
        assert "\n" not in str(caught.value)
