"""Keeps the trials of a search in a study of Optuna, which a process that dies leaves whole."""

import contextlib
import hashlib
import os
import warnings
from pathlib import Path
from typing import Any

import optuna
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, Trial, TrialState

from hf_lstm.errors import InputError, StorageError
from hf_lstm.files.storage_errors import raise_storage_error
from hf_lstm.files.writing import sync_folder
from hf_lstm.records.reading import read_record
from hf_lstm.records.results import Epoch
from hf_lstm.records.search import COMPLETE, FAILED, PRUNED, UNFINISHED, TrialFacts
from hf_lstm.searching.pruning import HoldingStorage, build_pruner
from hf_lstm.searching.space import Dimension, Range, Space, Value

EPOCHS, ELAPSED, ERROR, WEIGHTS = "epochs", "elapsed_s", "error", "weights_sha256"
"""What a trial is told about itself, by the names that `TrialFacts` has."""
_NAME = "search"
_STATES = {TrialState.COMPLETE: COMPLETE, TrialState.PRUNED: PRUNED, TrialState.FAIL: FAILED}


class Study:
    """Asks Optuna for settings, and tells it what came of them.

    The settings of a trial depend on the seed, its number and the trials before it, and on nothing else: so a search
    that is resumed goes on as if nobody had stopped it.
    """

    def __init__(self, journal: Path, space: Space, *, measure: str, pruner: str, num_epochs: int, seed: int) -> None:
        """Open a study, or begin one.

        Args:
            journal: its file, which only one process may use.
            space: the settings to choose.
            measure: `loss`, to be low, or `accuracy`, to be high.
            pruner: one of `space.PRUNERS`.
            num_epochs: most epochs of a trial.
            seed: of all that is drawn.

        Raises:
            InputError: the file is damaged.
            StorageError: it cannot be written, as the disk is full or fails; so do all methods that tell.
        """
        self.space = list(space)
        self._seed = seed
        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # it greets each study
        try:
            _cut_torn_line(journal)
            self._study = optuna.create_study(
                storage=HoldingStorage(_Journal(journal)),
                study_name=_NAME,
                direction="minimize" if measure == "loss" else "maximize",
                pruner=build_pruner(pruner, num_epochs),
                load_if_exists=True,
            )
        except StorageError:
            raise
        except OSError as error:
            raise_storage_error(error, journal)
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
            raise InputError(
                f"{journal} is damaged ({error}); start anew with --overwrite (overwrite=True in Python)"
            ) from None
        finally:
            optuna.logging.set_verbosity(verbosity)

    @property
    def num_ended(self) -> int:
        """Return how many trials have ended, however they did."""
        return sum(trial.state.is_finished() for trial in self._study.get_trials(deepcopy=False))

    @property
    def begun(self) -> FrozenTrial | None:
        """Return the trial that has begun and not ended; None if there is none."""
        running = self._study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
        return running[0] if running else None

    def propose(self, settings: dict[str, Value]) -> None:
        """Have the first trial try these settings, if the space has them."""
        if not self._study.get_trials(deepcopy=False) and all(
            dimension.has(settings[dimension.setting]) for dimension in self.space
        ):
            self._study.enqueue_trial(settings)

    def ask(self) -> tuple[Trial, dict[str, Value]]:
        """Return a trial and its settings: one that has begun already, or a new one."""
        begun = self.begun
        number = self.num_ended if begun is None else begun.number
        self._seed_sampler(f"{number}")
        trial = self._study.ask() if begun is None else Trial(self._study, begun._trial_id)
        _ = trial.relative_params  # draws the settings that are drawn together, before the sampler has another seed
        settings = {}
        for dimension in self.space:
            # Each by a seed of its own: a process that died may have drawn some of them, which are not drawn again.
            self._seed_sampler(f"{number} {dimension.setting}")
            settings[dimension.setting] = _suggest(trial, dimension)
        return trial, settings

    def _seed_sampler(self, drawn: str) -> None:
        """Have the sampler draw by a seed that depends on the search's, and on what is drawn."""
        digest = hashlib.sha256(f"{self._seed} {drawn}".encode()).digest()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study.sampler = optuna.samplers.TPESampler(seed=int.from_bytes(digest[:4], "little"))

    def is_best(self, value: float) -> bool:
        """Tell whether a value is better than those of all trials that were not broken off."""
        complete = self._study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
        values = [trial.value for trial in complete if trial.value is not None]
        is_low = self._study.direction == optuna.study.StudyDirection.MINIMIZE
        return all(value < other if is_low else value > other for other in values)

    def tell(self, trial: Trial, state: TrialState, value: float | None = None) -> None:
        """Tell what became of a trial; its value is that of its best epoch."""
        self._study.tell(trial, value, state=state)

    def list_trials(self) -> list[TrialFacts]:
        """List all trials that have begun."""
        trials = self._study.get_trials(deepcopy=False)
        return [self._describe(trial) for trial in trials if trial.state != TrialState.WAITING]

    def _describe(self, trial: FrozenTrial) -> TrialFacts:
        told: dict[str, Any] = trial.user_attrs
        epochs = [read_record(Epoch, each, f"trial {trial.number + 1}") for each in told.get(EPOCHS, ())]
        best = next((epoch for epoch in reversed(epochs) if epoch.is_best), None)
        return TrialFacts(
            number=trial.number + 1,
            state=_STATES.get(trial.state, UNFINISHED),
            settings={
                dimension.setting: _shorten(dimension, trial.params[dimension.setting])
                for dimension in self.space
                if dimension.setting in trial.params
            },
            epochs=epochs,
            best_epoch=None if best is None else best.epoch,
            loss=None if best is None else best.validation.loss,
            accuracy=None if best is None else best.validation.accuracy,
            elapsed_s=told.get(ELAPSED),
            error=told.get(ERROR),
            weights_sha256=told.get(WEIGHTS),
        )


class _NoLock(JournalFileOpenLock):
    """Locks nothing, as the lock of the search's folder keeps others out; files of Optuna's would outlive the dead."""

    def acquire(self) -> bool:
        """Let the one process append that there is."""
        return True

    def release(self) -> None:
        """Do nothing."""


class _Journal(JournalFileBackend):
    """Appends to Optuna's journal, and says in one line if the disk does not take it."""

    def __init__(self, path: Path) -> None:
        """Open the file, which is made if need be, and has its name on the disk then."""
        super().__init__(str(path), _NoLock(str(path)))
        self._path = path
        sync_folder(path.parent)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append operations, a line each, all of them or none.

        Raises:
            StorageError: the disk is full or fails.
        """
        num_bytes = self._path.stat().st_size
        try:
            super().append_logs(logs)
        except OSError as error:
            with contextlib.suppress(OSError):  # half a line would spoil the next one
                os.truncate(self._path, num_bytes)
            raise_storage_error(error, self._path, num_written=num_bytes)


def _suggest(trial: Trial, dimension: Dimension) -> Value:
    name = dimension.setting
    if not isinstance(dimension, Range):
        chosen: Value = trial.suggest_categorical(name, dimension.values)
        return chosen
    if dimension.is_of_whole_numbers:
        whole = (int(dimension.low), int(dimension.high))
        return trial.suggest_int(name, *whole, step=int(dimension.step or 1), log=dimension.is_log)
    drawn = trial.suggest_float(name, dimension.low, dimension.high, step=dimension.step, log=dimension.is_log)
    return dimension.shorten(drawn)


def _shorten(dimension: Dimension, value: Value) -> Value:
    return dimension.shorten(value) if isinstance(dimension, Range) and isinstance(value, int | float) else value


def _cut_torn_line(journal: Path) -> None:
    """Take the last line back if a process died while it wrote it: the next one would be written behind it."""
    if journal.is_file():
        with open(journal, "r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
