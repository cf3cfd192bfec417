import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from report_records import make_rows
from torch.nn import functional

from hf_lstm.evaluation.calibration import compute_calibration, fit_temperature


def test_calibration_of_known_rows():
    # Two rows at 0.9, of which one is right, and two at 0.6, both right: |0.5 - 0.9| and |1 - 0.6|.
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6]], dtype=np.float32)
    calibration = compute_calibration(probabilities, np.array([0, 0, 0, 1]))
    assert calibration.expected_calibration_error == pytest.approx(0.4)
    assert [each.num_rows for each in calibration.bins] == [2, 2]
    assert [each.accuracy for each in calibration.bins] == [1.0, 0.5]
    assert [each.confidence for each in calibration.bins] == pytest.approx([0.6, 0.9])


@given(st.integers(1, 200), st.integers(2, 6), st.integers(0, 100))
def test_bins_hold_each_row_once_and_within_their_bounds(num_rows, num_labels, seed):
    probabilities, labels = make_rows(num_rows, num_labels, seed)
    calibration = compute_calibration(probabilities, labels)
    bins = calibration.bins
    assert sum(each.num_rows for each in bins) == num_rows
    assert all(each.low - 1e-6 <= each.confidence <= each.high + 1e-6 for each in bins)
    accuracy = np.mean(probabilities.argmax(axis=1) == labels)
    assert sum(each.num_rows * each.accuracy for each in bins) / num_rows == pytest.approx(accuracy)
    assert 0 <= calibration.expected_calibration_error <= 1


@pytest.mark.parametrize("confidence", [0.5, 1.0])
def test_the_ends_of_the_range_are_counted(confidence):
    probabilities = np.array([[confidence, 1 - confidence]], dtype=np.float32)
    assert compute_calibration(probabilities, np.array([0])).expected_calibration_error == 1 - confidence


def make_logits(num_rows, num_labels, scale, seed):
    """Return logits whose softmax at the temperature `scale` is what the labels were drawn from."""
    generator = torch.Generator().manual_seed(seed)
    scores = 2 * torch.randn(num_rows, num_labels, generator=generator)
    labels = torch.multinomial(scores.softmax(dim=1), 1, generator=generator)[:, 0]
    return scores * scale, labels.numpy()


@pytest.mark.parametrize("num_labels", [2, 5])
@pytest.mark.parametrize("scale", [0.25, 1.0, 6.0])
def test_the_temperature_that_made_the_logits_overconfident_is_found(scale, num_labels):
    logits, labels = make_logits(20_000, num_labels, scale, seed=1)
    assert fit_temperature(logits, labels) == pytest.approx(scale, rel=0.05)


@settings(max_examples=30)
@given(st.integers(20, 200), st.integers(2, 4), st.floats(0.3, 4), st.integers(0, 100))
def test_no_other_temperature_has_a_lower_loss_and_none_changes_a_label(num_rows, num_labels, scale, seed):
    logits, labels = make_logits(num_rows, num_labels, scale, seed)
    assume((logits.argmax(dim=1).numpy() != labels).any())  # else the smaller the better: it is fitted otherwise
    temperature = fit_temperature(logits, labels)
    assume(temperature != 1)  # nothing to fit
    best = functional.cross_entropy(logits.double() / temperature, torch.from_numpy(labels))
    for other in (0.99 * temperature, 1.01 * temperature, 1.0):
        assert best <= functional.cross_entropy(logits.double() / other, torch.from_numpy(labels)) + 1e-12
    predicted = (logits / temperature).softmax(dim=1).numpy().argmax(axis=1)
    assert (predicted == logits.argmax(dim=1).numpy()).all()


def test_the_slope_vanishes_at_the_fitted_temperature():
    logits, labels = make_logits(500, 3, 2.0, seed=3)
    inverse = torch.tensor(1 / fit_temperature(logits, labels), dtype=torch.float64, requires_grad=True)
    functional.cross_entropy(logits.double() * inverse, torch.from_numpy(labels)).backward()
    assert abs(inverse.grad.item()) < 1e-9


@pytest.mark.parametrize("num_labels", [2, 4])
@pytest.mark.parametrize("num_rows", [20, 400])
def test_rows_that_are_all_right_make_it_as_sure_as_their_number_allows(num_rows, num_labels):
    labels = np.arange(num_rows) % num_labels
    logits = torch.zeros(num_rows, num_labels)
    logits[torch.arange(num_rows), torch.from_numpy(labels)] = 0.7
    confidence = (logits.double() / fit_temperature(logits, labels)).softmax(dim=1).max(dim=1).values
    assert confidence.tolist() == pytest.approx([1 - 1 / (num_rows + 2)] * num_rows)
    assert fit_temperature(logits * 100, labels) == 1.0  # it is surer by itself


def test_labels_of_rows_that_are_all_right_are_as_sure_as_their_number_allows():
    labels = np.array([[1, 0], [0, 1], [1, 1], [0, 0]] * 5)
    logits = torch.from_numpy(0.3 * (2.0 * labels - 1))
    probabilities = (logits / fit_temperature(logits, labels)).sigmoid()
    assert (probabilities - torch.from_numpy(labels)).abs().flatten().tolist() == pytest.approx([1 / 22] * 40)


@pytest.mark.parametrize("all_right", [True, False])
def test_rows_that_tell_nothing_leave_the_logits_as_they_are(all_right):
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    labels = logits.argmax(dim=1).numpy() if all_right else logits.argmin(dim=1).numpy()
    assert fit_temperature(logits, labels) == 1.0
