"""Decides which trials are broken off, so that a process that dies meanwhile decides the same again."""

import contextlib
from collections.abc import Iterator
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import Trial

NUM_UNPRUNED = 5
"""First trials that `median` prunes none of: it compares with earlier ones."""
_DECISION = "decision"


class HoldingStorage(JournalStorage):
    """Holds back what a pruner notes of a trial."""

    def __init__(self, backend: BaseJournalBackend) -> None:
        super().__init__(backend)
        self._held: dict[str, Any] | None = None

    @contextlib.contextmanager
    def holding(self) -> Iterator[dict[str, Any]]:
        """Give what would be noted of the trial that runs within a block, instead of noting it."""
        held: dict[str, Any] = {}
        self._held = held
        try:
            yield held
        finally:
            self._held = None

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Note something of a trial, or hold it back."""
        if self._held is None:
            super().set_trial_system_attr(trial_id, key, value)
        else:
            self._held[key] = value


def build_pruner(name: str, num_epochs: int) -> optuna.pruners.BasePruner:
    """Build what breaks off poor trials: see `space.PRUNERS`."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=NUM_UNPRUNED)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(max_resource=num_epochs)
    return optuna.pruners.NopPruner()


def decide(trial: Trial, step: int) -> bool:
    """Decide whether a trial is to be broken off after a step whose measure it was told.

    Hyperband notes that it has judged a step, and lets the trial go on if it is asked again. So what it decides is
    kept before that note: a process that dies between the two takes the step again, and has the answer.
    """
    storage = trial.storage
    assert isinstance(storage, HoldingStorage)
    last_step = storage.get_trial(trial._trial_id).last_step
    if last_step is not None and last_step > step:  # taken again; it went on then, and pruners judge the last step
        return False
    decision = trial.user_attrs.get(_DECISION)
    if decision is None or decision["step"] != step:
        with storage.holding() as noted:
            decision = {"step": step, "is_poor": trial.should_prune(), "noted": noted}
        if noted:  # who notes nothing decides the same again
            trial.set_user_attr(_DECISION, decision)
    for key, value in decision["noted"].items():
        storage.set_trial_system_attr(trial._trial_id, key, value)
    return bool(decision["is_poor"])
