"""Connects the log of a run with a tracker."""

import contextlib
import datetime
import functools
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.files.names import METRICS_FILE
from hf_lstm.files.reading import read_json_if_there
from hf_lstm.files.writing import write_json
from hf_lstm.storage.output_folder import OutputFolder
from hf_lstm.storage.session import Session
from hf_lstm.tracking.trackers import Tracker, build_tracker, flatten

logger = logging.getLogger(__name__)

_FILE = "tracking.json"
_MAX_ENDING_S = 3.0
"""For a tracker to end, where a run ends before its time."""


class Tracking:
    """Passes records on to a tracker; one that fails is told no more, as training is worth more."""

    def __init__(self, tracker: Tracker) -> None:
        """Wrap a tracker, in whose run to log."""
        self._tracker = tracker
        self._has_failed = False
        self._told: dict[str, int] = {}
        self._last_step = 0
        self.is_done = False
        """Whether the run has come to its end, and was neither stopped nor has failed."""

    def log(self, record: Mapping[str, Any]) -> None:
        """Pass on the numbers of a record with its `step`, but for those that the tracker has.

        A run that is resumed repeats what came after its checkpoint, with the same bits.
        """
        step = self._last_step = record["step"]
        figures = {
            figure: value
            for figure, value in flatten(record).items()
            if figure not in ("step", "elapsed_s")
            and isinstance(value, (int, float))
            and not isinstance(value, bool)
            and step > self._told.get(figure, -1)
        }
        self._told |= dict.fromkeys(figures, step)
        if not self._has_failed:
            self._call(self._log_new, figures, step)

    def _log_new(self, figures: Mapping[str, float], step: int) -> None:
        if new := {figure: value for figure, value in figures.items() if not self._tracker.has(figure, step)}:
            self._tracker.log(new, step)

    def log_results(self, results: Mapping[str, Any]) -> None:
        """Pass on what was measured of the run, after its last step."""
        self.log({"step": self._last_step, "results": results})

    def finish(self) -> None:
        """End the tracked run: soon, if it is not done or the tracker fails, which may still send or write then."""
        limit_s = None if self.is_done and not self._has_failed else _MAX_ENDING_S
        finish = functools.partial(self._tracker.finish, is_done=self.is_done)
        finishing = threading.Thread(target=self._call, args=(finish,), daemon=True)
        finishing.start()
        finishing.join(limit_s)
        if finishing.is_alive() and not self._has_failed:
            logger.warning("%s has not taken all figures in %g s", type(self._tracker).__name__, limit_s)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception as error:
            if not self._has_failed:
                logger.warning("%s failed, and tracks no more: %s", type(self._tracker).__name__, error)
            self._has_failed = True


def _read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Read the records of a log of JSON lines; one that is cut short is none."""
    for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else ():
        if line.endswith(b"\n"):
            yield json.loads(line)


@contextlib.contextmanager
def tracked(
    session: Session,
    kind: str | None,
    folder: OutputFolder,
    settings: Mapping[str, Any],
    *,
    shown_as: Path | None = None,
) -> Iterator[Tracking | None]:
    """Track what a session logs during a block. A run that is resumed goes on in the same tracked run.

    The tracker is first told what it lacks of the log: a process that died may not have written all.

    Args:
        session: of the run.
        kind: one of `TRACKERS`; None for no tracker.
        folder: of the run, which keeps what leads back to the tracked one.
        settings: to show with it.
        shown_as: the folder that the run has its name from, and beside which those files lie that a tracker writes; by
            default that of the run.

    Raises:
        InputError: the tracker is not installed, or cannot start.
    """
    if kind is None:
        yield None
        return
    place = folder.path if shown_as is None else shown_as
    tracker, file = build_tracker(kind, _name_tensorboard_folder(place)), folder.work / _FILE
    known = read_json_if_there(file) or {}
    name = known.get("name", f"{place.name}-{datetime.datetime.now():%Y-%m-%d-%H%M%S}")
    try:
        run_id = tracker.start(name, settings, run_id=known.get(kind))
    except Exception as error:  # of three libraries, for want of a login, a network or a place
        raise InputError(f"--track {kind} cannot start: {' '.join(str(error).split())[:300]}") from error
    write_json(file, {"name": name, **known, kind: run_id})
    logger.info("tracked by %s as %s", kind, run_id)
    tracking = Tracking(tracker)
    session.listeners.append(tracking.log)
    try:
        for record in _read_log(folder.work / METRICS_FILE):
            tracking.log(record)
        yield tracking
        tracking.is_done = True
    finally:
        session.listeners.remove(tracking.log)
        tracking.finish()


def _name_tensorboard_folder(place: Path) -> Path:
    """Name the folder beside that of a run, and never the same: a run finds no files of others in its own."""
    return place.parent / ("tensorboard" if place.name.casefold() != "tensorboard" else "tensorboard-events")
