"""Figures and thresholds of any number of labels, compared with scikit-learn and with all thresholds there are."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_records import make_config

from hf_lstm.config.model import MULTI_LABEL
from hf_lstm.evaluation.calibration import compute_calibration, fit_config, fit_temperature, fit_thresholds
from hf_lstm.evaluation.metrics import measure_multi_label
from hf_lstm.evaluation.scoring import measure_logits
from hf_lstm.nn.problem import MultiLabel


def make_answers(num_rows, num_labels, seed, *, steps=8):
    """Probabilities of a few values, so that some are equal, and labels that hang on them."""
    random = np.random.default_rng(seed)
    probabilities = (random.integers(0, steps + 1, (num_rows, num_labels)) / steps).astype(np.float32)
    return probabilities, (random.random((num_rows, num_labels)) < probabilities).astype(np.int64)


def compute_f1(given, true):
    return 2 * (given * true).sum() / max(1, given.sum() + true.sum())


@given(st.integers(1, 60), st.integers(0, 1000))
def test_no_other_threshold_has_a_better_f1(num_rows, seed):
    probabilities, labels = make_answers(num_rows, 3, seed)
    for label, threshold in enumerate(fit_thresholds(probabilities, labels)):
        column, true = probabilities[:, label], labels[:, label]
        assert 0 <= threshold <= 1
        assert np.float32(threshold) == threshold
        if true.all() or not true.any():
            assert threshold == 0.5
            continue
        best = compute_f1((column >= np.float32(threshold)).astype(int), true)
        for other in [*np.unique(column), 0.0, 0.5, 1.0]:
            assert best >= compute_f1((column >= np.float32(other)).astype(int), true) - 1e-12


def test_of_thresholds_that_are_as_good_it_is_the_middle():
    probabilities = np.array([[0.9], [0.7], [0.3], [0.1]], dtype=np.float32)
    assert fit_thresholds(probabilities, np.array([[1], [1], [0], [0]])) == [pytest.approx(0.5)]
    assert fit_thresholds(probabilities, np.array([[1], [1], [1], [0]])) == [pytest.approx(0.2)]


@settings(max_examples=10)
@given(st.integers(1, 50), st.integers(2, 4), st.integers(0, 1000))
def test_figures_are_those_of_scikit_learn(num_rows, num_labels, seed):
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(seed)
    decided, labels = random.integers(0, 2, (2, num_rows, num_labels))
    names = [f"label {number}" for number in range(num_labels)]
    figures = measure_multi_label(decided, labels, make_config(names, MULTI_LABEL))
    for name, compute in (
        ("precision", metrics.precision_score), ("recall", metrics.recall_score), ("f1", metrics.f1_score)
    ):  # fmt: skip
        assert figures[name] == pytest.approx(compute(labels, decided, average="macro", zero_division=0))
        micro = compute(labels, decided, average="micro", zero_division=0)
        assert getattr(figures["multi_label"], name) == pytest.approx(micro)
        per_label = compute(labels, decided, average=None, zero_division=0)
        assert [getattr(of_label, name) for of_label in figures["per_label"].values()] == pytest.approx(per_label)
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(labels, decided))
    assert figures["multi_label"].decisions_right == pytest.approx(1 - metrics.hamming_loss(labels, decided))
    assert figures["multi_label"].num_rows_without == (labels.sum(axis=1) == 0).sum()


@pytest.mark.parametrize("scale", [0.25, 1.0, 4.0])
def test_the_temperature_that_made_the_logits_overconfident_is_found(scale):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (8_000, 3))
    labels = (random.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    scaled = torch.from_numpy(scale * logits).float()
    assert fit_temperature(scaled, labels) == pytest.approx(scale, rel=0.05)
    config = fit_config(make_config(["a", "b", "c"], MULTI_LABEL), scaled, labels)
    figures = measure_logits(scaled, labels, config)
    assert figures.calibrated_expected_calibration_error < 0.02
    assert figures.calibrated_loss <= figures.loss
    assert figures.multi_label.thresholds == dict(zip("abc", config.thresholds, strict=True))
    problem = MultiLabel(config)
    assert figures.accuracy == (problem.decide(scaled).numpy() == labels).all(axis=1).mean()


def test_calibration_counts_each_label_of_each_row():
    probabilities = np.array([[0.05, 0.95], [0.05, 0.95]], dtype=np.float32)
    calibration = compute_calibration(probabilities, np.array([[0, 1], [1, 1]]))
    assert [(each.low, each.num_rows, each.accuracy) for each in calibration.bins] == [(0, 2, 0.5), (0.9, 2, 1.0)]
    assert calibration.expected_calibration_error == pytest.approx((2 * 0.45 + 2 * 0.05) / 4)
