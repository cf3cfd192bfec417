"""Ties long work to its checkpoints, its log, and the signals that end it."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hf_lstm.errors import InputError
from hf_lstm.files.names import METRICS_FILE, RESULTS_FILE
from hf_lstm.files.reading import read_json
from hf_lstm.records.reading import read_record
from hf_lstm.runtime.ending import EndWatch
from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.storage.identity import check_finished, check_identity
from hf_lstm.storage.interruptions import Interruptions
from hf_lstm.storage.metrics_log import MetricsLog
from hf_lstm.storage.output_folder import OutputFolder
from hf_lstm.storage.random_states import capture_random_states, restore_random_states

R = TypeVar("R")

logger = logging.getLogger(__name__)


class Session:
    """Saves a loop's state now and then, and when the process is asked to end; and restores it.

    Use:

        >>> session = Session(Checkpoints(folder), log_path)
        >>> if (state := session.restore()) is not None:
        ...     restore(state)
        >>> with session.running(capture):
        ...     while ...:
        ...         with session.step():
        ...             train_step()
        ...             session.log({"step": step, "loss": loss})
        ...         session.save_if_due(step)
        ...     session.save()

    Without checkpoints it does nothing, so that a loop need not ask.
    """

    def __init__(self, checkpoints: Checkpoints | None = None, log_path: Path | None = None) -> None:
        self._checkpoints = checkpoints
        self._log_path = log_path
        self._log: MetricsLog | None = None
        self.interruptions = Interruptions()
        """Signals that wait for the end of a step. As they end the work, its state is saved."""
        self._capture: Callable[[], Mapping[str, Any]] = dict
        self._cut_at = 0
        self._is_saved = False
        self._started_s = time.perf_counter()
        self.listeners: list[Callable[[Mapping[str, Any]], None]] = []
        """What else is told each record of the log."""

    @property
    def elapsed_s(self) -> float:
        """Return the seconds that the work took, in this process and up to the checkpoint in those before it."""
        return time.perf_counter() - self._started_s

    def restore(self) -> Any:
        """Return the latest state, and restore the random numbers; None if there is nothing to resume.

        Raises:
            InputError: all checkpoints are damaged.
        """
        saved = None if self._checkpoints is None else self._checkpoints.load_latest()
        if saved is None:
            return None
        restore_random_states(saved["random"])
        self._cut_at = saved["log_bytes"]
        self._started_s -= saved["elapsed_s"]
        self._is_saved = True
        return saved["work"]

    @contextlib.contextmanager
    def running(self, capture: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
        """Log and save within a block, also when Ctrl-C or SIGTERM ends it.

        Args:
            capture: returns the state, for `Checkpoints.save`.
        """
        if self._checkpoints is None:
            yield
            return
        self._capture = capture
        log = contextlib.nullcontext() if self._log_path is None else MetricsLog(self._log_path)
        with log as self._log, self.interruptions:
            if self._log is not None:
                self._log.cut(self._cut_at)
            try:
                yield
            except (KeyboardInterrupt, SystemExit):
                if not self.interruptions.is_broken:
                    self.save()
                raise
        self._log = None

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Let a block end before a signal counts, as its half must not be saved: a change of the state, and its log."""
        with self.interruptions.deferred():
            self._is_saved = False
            yield

    def log(self, record: Mapping[str, Any]) -> None:
        """Append a record to the log, and tell the listeners.

        Raises:
            StorageError: the disk is full or fails.
        """
        if self._log is not None:
            self._log.append(record)
        for listener in self.listeners:
            listener(record)

    def save_if_due(self, step: int, *, ends_epoch: bool = False) -> None:
        """Save the state if it is time: see `Checkpoints.is_due`.

        Raises:
            StorageError: the disk is full or fails.
        """
        if self._checkpoints is not None and self._checkpoints.is_due(step, ends_epoch=ends_epoch):
            self._is_saved = False
            self.save()

    def save(self) -> None:
        """Save the state, unless the last checkpoint has it.

        Raises:
            StorageError: the disk is full or fails.
        """
        if self._checkpoints is None or self._is_saved:
            return
        log_bytes = 0 if self._log is None else self._log.flush()
        state = {
            "work": self._capture(),
            "random": capture_random_states(),
            "log_bytes": log_bytes,
            "elapsed_s": self.elapsed_s,
        }
        with EndWatch.finished_first():
            self._checkpoints.save(state)
        self._is_saved = True


def open_session(
    folder: OutputFolder,
    settings: Mapping[str, Any],
    circumstances: Mapping[str, Any],
    *,
    every_minutes: float,
    every_steps: int | None = None,
) -> Session:
    """Open the session of a run in its folder. Open it before the data are read, as it counts the time.

    Args:
        folder: claimed for this run, which may have begun in another process.
        settings: what must be as it was when the run began.
        circumstances: what may change the last bits of the results if it is not.
        every_minutes: between two checkpoints.
        every_steps: between two checkpoints; None for no such rule.

    Raises:
        InputError: settings differ, or nothing says any more what they were.
    """
    if folder.can_be_resumed and not folder.identity.is_file():
        raise InputError(
            f"{folder.identity} is gone, which says what the run began with, so it cannot be resumed: put it back, or "
            "pass --overwrite (overwrite=True in Python) to start anew"
        )
    check_identity(folder.identity, {"settings": settings}, must_be_equal=True)
    check_identity(folder.identity, circumstances, must_be_equal=False)
    checkpoints = Checkpoints(folder.checkpoints, every_s=60 * every_minutes, every_steps=every_steps)
    return Session(checkpoints, folder.work / METRICS_FILE)


def read_finished(
    folder: OutputFolder, kind: type[R], asked: Mapping[str, Any], check_data: Callable[[], None] = lambda: None
) -> R | None:
    """Read the results of a run that is finished, and say that nothing is left to do; None of another.

    Args:
        folder: of the run.
        kind: of its results.
        asked: the settings that are asked for: see `check_finished`.
        check_data: raises if it had other data; called for a finished run of these settings.

    Raises:
        InputError: it was run with other settings or data, or its results are damaged.
    """
    if not folder.is_finished:
        return None
    check_finished(folder.path, asked)
    check_data()
    results = read_record(kind, read_json(folder.path / RESULTS_FILE), RESULTS_FILE)
    logger.info("the run in %s is finished: nothing to do", folder.path)
    return results
