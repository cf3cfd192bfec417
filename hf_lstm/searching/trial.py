"""Runs one trial of a search: trains its recipe, and has it pruned by its epochs on validation."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
import torch
from optuna.trial import Trial, TrialState

from hf_lstm.config import Recipe
from hf_lstm.data.splits import Splits
from hf_lstm.errors import InputError, StorageError
from hf_lstm.evaluation.calibration import fit_config
from hf_lstm.files.names import CHECKPOINT_PREFIX
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.folder import write_config, write_model
from hf_lstm.model.prediction import compute_logits
from hf_lstm.model.provenance import write_recipe
from hf_lstm.records.places import strip_recipe
from hf_lstm.records.results import Epoch
from hf_lstm.runtime.devices import resolve_precision
from hf_lstm.searching.pruning import decide
from hf_lstm.searching.study import ELAPSED, EPOCHS
from hf_lstm.storage.output_folder import OutputFolder, claim_output_folder, fill_output_folder
from hf_lstm.storage.session import Session, open_session
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.tracking.tracked import Tracking, tracked
from hf_lstm.training.facts import describe_machine
from hf_lstm.training.loop.epochs import find_best_epoch, train
from hf_lstm.training.setup import PreparedRun, prepare_run

MAX_DEATHS = 2
"""A trial in which the process died so often at the same checkpoint is not begun again."""
_STARTS = "starts"


class TimeIsUpError(Exception):
    """Says that a trial was stopped, saved, since the time of the search was over."""


@dataclasses.dataclass(frozen=True)
class Conditions:
    """Holds what all trials of a search share."""

    splits: Splits
    device: torch.device
    deadline_s: float
    """On the monotonic clock."""
    checkpoint_minutes: float
    track: str | None
    shown_as: Path
    """The folder that a tracker names the trials after, and writes beside."""
    show_progress: bool
    kept: KeptAnswers
    """What teachers say of texts that trials learn from: most learn from the same."""


class _Watch:
    """Tells a trial of its epochs while it trains, and ends it when it is pruned or the time is over."""

    def __init__(self, trial: Trial, session: Session, recipe: Recipe, deadline_s: float) -> None:
        self._trial, self._session, self._deadline_s = trial, session, deadline_s
        self._measure, self._num_epochs = recipe.train.best_by, recipe.train.num_epochs
        self._reported = {*trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values}
        self.is_late = False

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Take a record of the training log.

        Raises:
            TrialPruned: the epoch was worse than those of other trials; the study is told.
        """
        if time.monotonic() > self._deadline_s:
            self.is_late = True
            self._session.interruptions.end_after_step()
        if "validation" not in record:
            return
        number = record["epoch"]
        epoch = {field.name: record[field.name] for field in dataclasses.fields(Epoch)}
        earlier = self._trial.user_attrs.get(EPOCHS, [])[: number - 1]
        self._trial.set_user_attr(EPOCHS, [*earlier, epoch])
        self._trial.set_user_attr(ELAPSED, self._session.elapsed_s)
        if number not in self._reported:  # by a process that died before it saved the epoch
            self._trial.report(record["validation"][self._measure], number)
        if number < self._num_epochs and decide(self._trial, number):
            self._trial.study.tell(self._trial, state=TrialState.PRUNED)
            raise optuna.TrialPruned


def run_trial(recipe: Recipe, trial: Trial, folder: Path, conditions: Conditions) -> tuple[PreparedRun, list[Epoch]]:
    """Train a trial's recipe, or go on with it, and return the trained run and its epochs.

    Args:
        recipe: with the settings of the trial.
        trial: told of each epoch.
        folder: for its checkpoints.
        conditions: what all trials share.

    Raises:
        TrialPruned: an epoch was worse than those of other trials; the study is told.
        TimeIsUpError: the time is over; the trial can be resumed.
        StorageError: the disk is full or fails; likewise.
        InputError: the settings don't go together.
        DivergenceError: training diverged.
    """
    with claim_output_folder(folder, overwrite=False, resume=True) as claimed:
        session = open_session(
            claimed,
            recipe.settings_to_json(),
            describe_machine(recipe, conditions.device),
            every_minutes=conditions.checkpoint_minutes,
        )
        watch = _Watch(trial, session, recipe, conditions.deadline_s)
        shown_as = conditions.shown_as.with_name(f"{conditions.shown_as.name}-{folder.name}")
        try:
            with tracked(
                session, conditions.track, claimed, strip_recipe(recipe.to_json()), shown_as=shown_as
            ) as tracking:
                session.listeners.append(watch)  # after the tracker, which sees the epoch that breaks a trial off
                run = prepare_run(
                    recipe,
                    conditions.device,
                    splits=conditions.splits,
                    reads_test=False,
                    kept=conditions.kept,
                )
                with _ends_well(tracking):
                    epochs = train(
                        run.model,
                        run.learned,
                        run.encoded["validation"],
                        run.recipe.train,
                        unlabeled=run.unlabeled,
                        show_progress=conditions.show_progress,
                        session=session,
                    )
        except SystemExit:
            if watch.is_late:
                raise TimeIsUpError from None
            raise
        except Exception:
            session.interruptions.end_if_pending()  # by a signal in the step that failed: no other trial is begun
            raise
        trial.set_user_attr(ELAPSED, session.elapsed_s)
        return run, epochs


@contextlib.contextmanager
def _ends_well(tracking: Tracking | None) -> Iterator[None]:
    """Let a trial that is pruned within a block be tracked as one that has ended, and not failed."""
    try:
        yield
    except optuna.TrialPruned:
        if tracking is not None:
            tracking.is_done = True
        raise


@contextlib.contextmanager
def counting_starts(trial: Trial, folder: Path) -> Iterator[None]:
    """Count a start of a trial at its latest checkpoint, unless the block is stopped: the process may die within it.

    Args:
        trial: to begin, or to go on with.
        folder: of its checkpoints.

    Raises:
        InputError: the process has died in this trial again and again.
    """
    try:
        _count_start(trial, OutputFolder(folder))
        yield
    except (KeyboardInterrupt, SystemExit, TimeIsUpError, OSError, StorageError):
        _forget_start(trial)
        raise


def _count_start(trial: Trial, folder: OutputFolder) -> None:
    """Count how often a trial was begun at its latest checkpoint.

    Raises:
        InputError: too often, as if it took more memory than there is.
    """
    latest = max((path.name for path in folder.checkpoints.glob(f"{CHECKPOINT_PREFIX}*")), default="")
    name, num_starts = trial.user_attrs.get(_STARTS) or (latest, 0)
    num_starts = num_starts if name == latest else 0
    if num_starts >= MAX_DEATHS:
        raise InputError(f"the process died {num_starts} times in this trial, perhaps for want of memory")
    trial.set_user_attr(_STARTS, [latest, num_starts + 1])


def _forget_start(trial: Trial) -> None:
    """Do not count a start of a trial that was stopped, and did not die."""
    # The disk may have no place for that either; or the trial was broken off just now, and takes nothing any more.
    with contextlib.suppress(StorageError, OSError, RuntimeError):
        trial.set_user_attr(_STARTS, None)


def measure_trial(epochs: list[Epoch], measure: str) -> float:
    """Return the figure of a trial: that of its best epoch on validation."""
    best = epochs[find_best_epoch(epochs) - 1]
    value: float = getattr(best.validation, measure)
    return value


def save_model(run: PreparedRun, folder: Path) -> str:
    """Put a trial's model into a folder, in the place of an earlier one, and return the SHA-256 of its weights.

    It is calibrated on validation, as `hf-lstm train` does it.
    """
    validation = run.encoded["validation"]
    with fill_output_folder(folder, overwrite=True) as staging:
        digest = write_model(staging, run.model.state_dict(), run.model.config, run.model.require_tokenizer())
        device = run.model.device
        model = LSTMSentiment.from_pretrained(staging, device=str(device))
        dtype = resolve_precision(run.recipe.train.precision, device, model=model.config)
        config = fit_config(model.config, compute_logits(model, validation.texts, dtype=dtype), validation.labels)
        write_config(staging, config)
        write_recipe(staging, dataclasses.replace(run.recipe, model=config).to_json())
    return digest
