"""What logits mean: losses, probabilities and decisions of one label for each text, and of any number of them."""

import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_records import make_config, make_problem
from torch.nn import functional

from hf_lstm.config.model import MULTI_LABEL
from hf_lstm.nn.problem import MultiLabel

LOGITS = torch.tensor([[0.3, -1.0, 2.0], [0.0, 0.5, 0.1], [4.0, -2.0, 1.0]])
LABELS = torch.tensor([2, 0, 1])
SINGLE, MULTI = make_problem(3), make_problem(3, MULTI_LABEL)
MARKS = torch.tensor([[0, 0, 0], [1, 0, 1], [1, 1, 1]])


def test_a_sum_over_rows_of_the_cross_entropy():
    expected = -sum(LOGITS.log_softmax(dim=1)[row, label] for row, label in enumerate(LABELS))
    torch.testing.assert_close(SINGLE.sum_loss(LOGITS, LABELS), expected)


def test_a_zero_beside_a_logit_makes_it_binary_cross_entropy():
    z, labels = torch.tensor([-3.0, 0.5, 20.0]), torch.tensor([0, 1, 0])
    expected = functional.binary_cross_entropy_with_logits(z, labels.float(), reduction="sum")
    torch.testing.assert_close(SINGLE.sum_loss(torch.stack([torch.zeros(3), z], dim=1), labels), expected)


def test_rows_count_as_often_as_their_weights_say():
    weights = torch.tensor([1.0, 3.0, 0.5])
    rows = [SINGLE.sum_loss(LOGITS[[row]], LABELS[[row]]) for row in range(3)]
    expected = rows[0] + 3 * rows[1] + 0.5 * rows[2]
    torch.testing.assert_close(SINGLE.sum_loss(LOGITS, LABELS, row_weights=weights), expected)


def test_smoothing_spreads_a_share_of_the_target_over_all_labels():
    targets = torch.full((3, 3), 0.1 / 3)
    targets[range(3), LABELS] += 0.9
    expected = -(targets * LOGITS.log_softmax(dim=1)).sum()
    torch.testing.assert_close(SINGLE.sum_loss(LOGITS, LABELS, label_smoothing=0.1), expected)


def test_soft_labels_in_float64_and_their_gradient():
    """The gradient of -sum(p log q) by the logits is q - p, so that a model taught by itself stays as it is."""
    targets = torch.tensor([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [0.6, 0.1, 0.3]])
    logits, weights = LOGITS.clone().requires_grad_(), torch.tensor([1.0, 3.0, 0.5])
    loss = SINGLE.sum_loss(logits, targets, row_weights=weights)
    loss.backward()
    exact = LOGITS.double().requires_grad_()
    expected = -(weights.double()[:, None] * targets.double() * exact.log_softmax(dim=1)).sum()
    expected.backward()
    torch.testing.assert_close(loss, expected.float())
    torch.testing.assert_close(logits.grad, exact.grad.float())
    torch.testing.assert_close(logits.grad, weights[:, None] * (LOGITS.softmax(dim=1) - targets))

    own = LOGITS.clone().requires_grad_()
    SINGLE.sum_loss(own, LOGITS.softmax(dim=1)).backward()
    torch.testing.assert_close(own.grad, torch.zeros_like(LOGITS))


def test_certain_soft_labels_are_labels():
    certain = functional.one_hot(LABELS, 3).float()
    torch.testing.assert_close(SINGLE.sum_loss(LOGITS, certain), SINGLE.sum_loss(LOGITS, LABELS))


def test_any_number_of_labels_is_a_binary_question_each():
    expected = functional.binary_cross_entropy_with_logits(LOGITS, MARKS.float(), reduction="none").mean(dim=1)
    torch.testing.assert_close(MULTI.sum_loss(LOGITS, MARKS), expected.sum())
    weights = torch.tensor([1.0, 3.0, 0.5])
    torch.testing.assert_close(MULTI.sum_loss(LOGITS, MARKS, row_weights=weights), expected @ weights)
    torch.testing.assert_close(MULTI.guessing_loss, math.log(2))
    assert MULTI.sum_loss(torch.zeros(2, 3), MARKS[:2]).item() == np.float32(2 * math.log(2))
    smoothed = functional.binary_cross_entropy_with_logits(LOGITS, 0.9 * MARKS + 0.05, reduction="sum") / 3
    torch.testing.assert_close(MULTI.sum_loss(LOGITS, MARKS, label_smoothing=0.1), smoothed)


def test_a_label_is_given_where_its_probability_reaches_its_threshold():
    config = make_config(["a", "b", "c"], MULTI_LABEL)
    object.__setattr__(config, "thresholds", [0.25, 0.5, 0.875])
    problem = MultiLabel(config)
    probabilities = torch.tensor([[0.25, 0.5, 0.875], [0.24, 0.49, 0.87], [0.0, 1.0, 1.0]])
    assert problem.select(probabilities).tolist() == [[1, 1, 1], [0, 0, 0], [0, 1, 1]]
    assert problem.decide(probabilities.logit()).tolist()[2] == [0, 1, 1]
    assert problem.find_right(probabilities.logit()[1:], MARKS[:2]).tolist() == [True, False]
    assert MULTI.decide(LOGITS).tolist() == (LOGITS >= 0).long().tolist()


def test_an_answer_is_about_the_label_that_the_text_has():
    config = make_config(["a", "b", "c"], MULTI_LABEL)
    object.__setattr__(config, "thresholds", [0.9, 0.25, 0.25])
    problem = MultiLabel(config)
    for probabilities, expected in (([0.6, 0.3, 0.4], 2), ([0.6, 0.2, 0.1], 0), ([0.95, 0.3, 0.4], 0)):
        row = torch.tensor(probabilities)
        weights, label = problem.weigh_logits(row.logit(), None)
        assert problem.find_answer(row) == label == expected
        assert weights.tolist() == [float(index == expected) for index in range(3)]


@given(st.integers(2, 5), st.integers(0, 100))
def test_labels_come_back_from_what_they_are_softened_to(num_labels, seed):
    random = np.random.RandomState(seed)
    single, multi = make_problem(num_labels), make_problem(num_labels, MULTI_LABEL)
    ids, marks = random.randint(num_labels, size=7), random.randint(2, size=(7, num_labels))
    for problem, labels in ((single, ids), (multi, marks)):
        soft = problem.soften(labels)
        assert soft.dtype == np.float32
        assert (problem.decide_softly(soft) == labels).all()
        found = [problem.find_label(labels, label) for label in range(num_labels)]
        assert (np.stack(found, axis=1) == soft.astype(bool)).all()
