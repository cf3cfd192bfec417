"""Pruning: what is decided stays so, whenever the process dies."""

import pytest

from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.searching.space import parse_space

optuna = pytest.importorskip("optuna")
pruning = pytest.importorskip("hf_lstm.searching.pruning")
Study = pytest.importorskip("hf_lstm.searching.study").Study

LOSSES = [3.0, 2.0, 4.0, 1.0, 5.0, 0.5, 2.5]


def open_study(journal, pruner="hyperband"):
    space = parse_space(["train.learning_rate=1e-3..1e-1:log"], get_recipe("pooled-bilstm"))
    return Study(journal, space, measure="loss", pruner=pruner, num_epochs=9, seed=0)


def judge(study, trial):
    """Tell of epochs, those included that were told before, until the trial is broken off."""
    for number in range(1, 9):
        if number not in study._study.get_trials()[trial.number].intermediate_values:
            trial.report(LOSSES[trial.number] / number, number)
        if pruning.decide(trial, number):
            return number
    return None


def end(study, trial, pruned):
    state = optuna.trial.TrialState
    study.tell(trial, *((state.COMPLETE, LOSSES[trial.number] / 9) if pruned is None else (state.PRUNED,)))


@pytest.mark.parametrize("pruner", ["hyperband", "median"])
def test_a_process_that_dies_while_a_trial_is_judged_decides_the_same_again(tmp_path, pruner):
    journal = tmp_path / "whole.log"
    study, decided = open_study(journal, pruner), []
    for _ in LOSSES:
        trial, _ = study.ask()
        decided.append(judge(study, trial))
        end(study, trial, decided[-1])
    assert None in decided
    assert any(decided)
    lines = journal.read_bytes().splitlines(keepends=True)
    for num_lines in range(2, len(lines)):
        cut = tmp_path / f"{num_lines}.log"
        cut.write_bytes(b"".join(lines[:num_lines]))
        study = open_study(cut, pruner)
        again = {}
        for _ in range(study.num_ended, len(LOSSES)):
            trial, _ = study.ask()
            again[trial.number] = judge(study, trial)
            end(study, trial, again[trial.number])
        assert again == {number: decided[number] for number in again}, num_lines
