"""Connects the log of a run with a tracker."""

import contextlib
import datetime
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.files import METRICS_FILE, read_json, write_json
from hf_lstm.storage.output_folder import OutputFolder
from hf_lstm.storage.session import Session
from hf_lstm.tracking.trackers import Tracker, build_tracker, flatten

logger = logging.getLogger(__name__)

_FILE = "tracking.json"
_MAX_ENDING_S = 3.0
"""For a tracker to end, where a run ends before its time."""


class Tracking:
    """Passes records on to a tracker; one that fails is left alone, as training is worth more."""

    def __init__(self, tracker: Tracker, known: Mapping[str, int]) -> None:
        """Wrap a tracker.

        Args:
            tracker: in whose run to log.
            known: what it has been told already, as `find_last_steps` says. A run that is resumed repeats some of it,
                with the same bits.
        """
        self._tracker: Tracker | None = tracker
        self._known = known
        self._last_step = max(known.values(), default=0)

    def log(self, record: Mapping[str, Any]) -> None:
        """Pass on the numbers of a record with its `step`, unless the tracker knows them."""
        if record["step"] <= self._known.get(_name_kind(record), -1):
            return
        self._last_step = record["step"]
        figures = {
            key: value
            for key, value in flatten(record).items()
            if key not in ("step", "elapsed_s") and isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        self._call("log", figures, record["step"])

    def log_results(self, results: Mapping[str, Any]) -> None:
        """Pass on what was measured of the run, after its last step."""
        self.log({"step": self._last_step, "results": results})

    def finish(self, limit_s: float | None = None) -> None:
        """End the tracked run.

        Args:
            limit_s: how long to wait for a tracker that still sends or writes; None for as long as it takes.
        """
        finishing = threading.Thread(target=self._call, args=("finish",), daemon=True)
        finishing.start()
        finishing.join(limit_s)
        if finishing.is_alive():
            logger.warning("%s has not taken all figures in %g s", type(self._tracker).__name__, limit_s)

    def _call(self, method: str, *arguments: Any) -> None:
        if self._tracker is None:
            return
        try:
            getattr(self._tracker, method)(*arguments)
        except Exception as error:
            logger.warning("%s failed, and tracks no more: %s", type(self._tracker).__name__, error)
            self._tracker = None


def find_last_steps(log: Path) -> dict[str, int]:
    """Find the last step in a log of JSON lines, for each kind of record; a line cut short does not count."""
    last: dict[str, int] = {}
    lines = log.read_bytes().splitlines(keepends=True) if log.is_file() else []
    for line in lines:
        if line.endswith(b"\n"):
            record = json.loads(line)
            last[_name_kind(record)] = record["step"]
    return last


def _name_kind(record: Mapping[str, Any]) -> str:
    """Tell records by what they hold: those of steps from those of epochs."""
    return " ".join(sorted(record))


@contextlib.contextmanager
def tracked(
    session: Session, kind: str | None, folder: OutputFolder, settings: Mapping[str, Any]
) -> Iterator[Tracking | None]:
    """Track what a session logs during a block. A run that is resumed goes on in the same tracked run.

    Args:
        session: of the run.
        kind: one of `TRACKERS`; None for no tracker.
        folder: of the run, which keeps what leads back to the tracked one.
        settings: to show with it.

    Raises:
        InputError: the tracker is not installed, or cannot start.
    """
    if kind is None:
        yield None
        return
    tracker, file = build_tracker(kind, folder.path.parent / "tensorboard"), folder.work / _FILE
    known = read_json(file) if file.is_file() else {}
    steps = find_last_steps(folder.work / METRICS_FILE) if kind in known else {}
    name = known.get("name", f"{folder.path.name}-{datetime.datetime.now():%Y-%m-%d-%H%M%S}")
    try:
        run_id = tracker.start(name, settings, run_id=known.get(kind), step=max(steps.values(), default=0))
    except Exception as error:  # of three libraries, for want of a login, a network or a place
        raise InputError(f"--track {kind} cannot start: {' '.join(str(error).split())[:300]}") from error
    write_json(file, {"name": name, **known, kind: run_id})
    logger.info("tracked by %s as %s", kind, run_id)
    tracking = Tracking(tracker, steps)
    session.listeners.append(tracking.log)
    limit_s = None
    try:
        yield tracking
    except BaseException:
        limit_s = _MAX_ENDING_S
        raise
    finally:
        session.listeners.remove(tracking.log)
        tracking.finish(limit_s)
