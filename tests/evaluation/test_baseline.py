"""The baseline of a run: its figures beside the model's, and that it never costs the run."""

import logging

import numpy as np
import pytest
import torch
from datasets import Dataset
from run_records import make_problem

from hf_lstm.evaluation import baseline
from hf_lstm.evaluation.baseline import measure_tfidf, pick_rows
from hf_lstm.evaluation.metrics import compute_lead_interval
from hf_lstm.evaluation.scoring import ScoredSplit, hash_split

PROBLEM = make_problem(2)
TEXTS = ["good fun", "good film", "bad fun", "bad film"] * 5
LABELS = [1, 1, 0, 0] * 5


def make_split(name, texts, labels, answers):
    logits = torch.nn.functional.one_hot(torch.tensor(answers), 2).float()
    return ScoredSplit(name, Dataset.from_dict({"text": texts}), np.array(labels), logits)


def make_train():
    return make_split("train", TEXTS, LABELS, LABELS)


def test_rows_that_one_of_both_gets_right_are_counted():
    # The baseline is right on the first four, the model on the first, the second and the last.
    test = make_split("test", ["good", "bad", "good", "bad", "good"], [1, 0, 1, 0, 0], [1, 0, 0, 1, 0])
    state = np.random.get_state()[1].copy(), torch.get_rng_state()
    facts = measure_tfidf(make_train(), [test], PROBLEM)
    figures = facts.splits["test"]
    assert (figures.num_rows, figures.accuracy, figures.only_model_right, figures.only_baseline_right) == (5, 0.8, 1, 2)
    assert figures.lead == -0.2
    assert figures.model_accuracy == pytest.approx(0.6)
    assert figures.lead_interval[0] < -0.2 < figures.lead_interval[1]
    assert figures.split_sha256 == hash_split(test)
    assert (facts.num_train_rows, facts.num_features) == (20, 8)
    assert facts.library.startswith("scikit-learn ")
    assert (np.random.get_state()[1] == state[0]).all()
    assert (torch.get_rng_state() == state[1]).all()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([0] * 40, "this model 50.00 %: it loses to the baseline by 50.0 points (95 % interval 31.1 to 64.1)"),
        (
            [1, 0] * 19 + [0, 0],
            "it is not distinguishable from the baseline on these rows: -2.5 points (95 % interval ",
        ),
    ],
)
def test_what_can_not_be_told_apart_is_said_to_be_so(answers, expected):
    test = make_split("test", ["good", "bad"] * 20, [1, 0] * 20, answers)
    line = measure_tfidf(make_train(), [test], PROBLEM).describe("test")
    assert line.startswith("baseline: TF-IDF + logistic regression 100.00 % on the same 40 test rows, in ")
    assert expected in line


def test_a_model_that_wins_is_said_to_win():
    test = make_split("test", ["good", "bad"] * 20, [0, 1] * 20, [0, 1] * 20)
    line = measure_tfidf(make_train(), [test], PROBLEM).describe("test")
    assert "this model 100.00 %: it beats the baseline by 100.0 points (95 % interval " in line


def test_the_interval_of_the_lead_is_that_of_bonett_and_price():
    # (b, c, n) = (6, 14, 60): p = 7/62 and 15/62, half = 1.96 sqrt((22/62 - (8/62)^2) / 62)
    low, high = compute_lead_interval(6, 14, 60)
    half = 1.959964 * ((22 / 62 - (8 / 62) ** 2) / 62) ** 0.5
    assert (low, high) == pytest.approx((-8 / 62 - half, -8 / 62 + half))
    assert compute_lead_interval(1, 0, 1)[1] == 1.0


@pytest.mark.parametrize(("texts", "labels"), [(["", " "] * 5, LABELS[:10]), (TEXTS, [1] * 20)])
def test_rows_that_teach_nothing_cost_no_run(texts, labels, caplog):
    train = make_split("train", texts, labels, labels)
    with caplog.at_level(logging.INFO):
        assert measure_tfidf(train, [train], PROBLEM) is None
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("no baseline: TF-IDF + logistic regression can't be fitted to these rows (")


def test_without_scikit_learn_one_line_says_what_to_install(monkeypatch, caplog):
    monkeypatch.setattr(baseline, "is_installed", lambda library: False)
    with caplog.at_level(logging.INFO):
        assert measure_tfidf(make_train(), [], PROBLEM) is None
    assert caplog.messages == ["no baseline: it needs scikit-learn; run pip install 'hf-lstm[train]'"]


def test_of_very_many_texts_random_rows_are_learned(monkeypatch, caplog):
    monkeypatch.setattr(baseline, "MAX_TRAIN_CHARACTERS", 90)
    with caplog.at_level(logging.INFO):
        rows = pick_rows(TEXTS)
        facts = measure_tfidf(make_train(), [make_train()], PROBLEM)
    assert 0 < facts.num_train_rows == len(rows) < 20
    assert sum(len(TEXTS[row]) for row in rows) <= 90
    assert sorted(set(rows.tolist())) == rows.tolist()
    assert caplog.messages[0] == f"baseline: learns from {len(rows)} of 20 rows of train, to end soon"
