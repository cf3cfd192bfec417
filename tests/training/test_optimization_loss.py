import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from hf_lstm.errors import DivergenceError, InputError
from hf_lstm.records.results import Epoch, EpochFigures
from hf_lstm.training.optimization import compute_row_weights, require_convergence, sum_cross_entropy

LOGITS = torch.tensor([[0.3, -1.0, 2.0], [0.0, 0.5, 0.1], [4.0, -2.0, 1.0]])
LABELS = torch.tensor([2, 0, 1])


def test_a_sum_over_rows_of_the_cross_entropy():
    expected = -sum(LOGITS.log_softmax(dim=1)[row, label] for row, label in enumerate(LABELS))
    torch.testing.assert_close(sum_cross_entropy(LOGITS, LABELS), expected)


def test_a_zero_beside_a_logit_makes_it_binary_cross_entropy():
    z, labels = torch.tensor([-3.0, 0.5, 20.0]), torch.tensor([0, 1, 0])
    expected = functional.binary_cross_entropy_with_logits(z, labels.float(), reduction="sum")
    torch.testing.assert_close(sum_cross_entropy(torch.stack([torch.zeros(3), z], dim=1), labels), expected)


def test_rows_count_as_often_as_their_weights_say():
    weights = torch.tensor([1.0, 3.0, 0.5])
    rows = [sum_cross_entropy(LOGITS[[row]], LABELS[[row]]) for row in range(3)]
    expected = rows[0] + 3 * rows[1] + 0.5 * rows[2]
    torch.testing.assert_close(sum_cross_entropy(LOGITS, LABELS, row_weights=weights), expected)


def test_smoothing_spreads_a_share_of_the_target_over_all_labels():
    targets = torch.full((3, 3), 0.1 / 3)
    targets[range(3), LABELS] += 0.9
    expected = -(targets * LOGITS.log_softmax(dim=1)).sum()
    torch.testing.assert_close(sum_cross_entropy(LOGITS, LABELS, label_smoothing=0.1), expected)


def test_soft_labels_in_float64_and_their_gradient():
    """The gradient of -sum(p log q) by the logits is q - p, so that a model taught by itself stays as it is."""
    targets = torch.tensor([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [0.6, 0.1, 0.3]])
    logits, weights = LOGITS.clone().requires_grad_(), torch.tensor([1.0, 3.0, 0.5])
    loss = sum_cross_entropy(logits, targets, row_weights=weights)
    loss.backward()
    exact = LOGITS.double().requires_grad_()
    expected = -(weights.double()[:, None] * targets.double() * exact.log_softmax(dim=1)).sum()
    expected.backward()
    torch.testing.assert_close(loss, expected.float())
    torch.testing.assert_close(logits.grad, exact.grad.float())
    torch.testing.assert_close(logits.grad, weights[:, None] * (LOGITS.softmax(dim=1) - targets))

    own = LOGITS.clone().requires_grad_()
    sum_cross_entropy(own, LOGITS.softmax(dim=1)).backward()
    torch.testing.assert_close(own.grad, torch.zeros_like(LOGITS))


def test_certain_soft_labels_are_labels():
    certain = functional.one_hot(LABELS, 3).float()
    torch.testing.assert_close(sum_cross_entropy(LOGITS, certain), sum_cross_entropy(LOGITS, LABELS))


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
        require_convergence(epochs, num_labels=num_labels)
    else:
        with pytest.raises(DivergenceError, match="epoch 2, the best: validation loss") as caught:
            require_convergence(epochs, num_labels=num_labels)
        assert "\n" not in str(caught.value)
