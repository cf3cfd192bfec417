"""Strikes whole commands, and resumes them."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials.commands.outcomes import (
    Blow,
    list_differences,
    list_losses,
    list_wrong_ends,
    read_log,
    read_outcome,
    read_trials,
)
from trials.commands.starting import list_temporary, start
from trials.processes import find_session

SIGNALS = ("SIGTERM", "SIGINT", "SIGKILL")
_PATIENCE_S = 900.0
_MOST_TRIES = 8


@dataclass(frozen=True)
class WholeRun:
    """Holds what came of a command that nobody stopped."""

    outcome: dict[str, Any]
    """See `read_outcome`."""
    elapsed_s: float


def run_whole(command: str, rows: Path, folder: Path) -> WholeRun:
    """Run a command that nobody stops.

    Raises:
        SystemExit: it fails.
    """
    folder.parent.mkdir()
    started_s = time.monotonic()
    process = start(command, rows, folder)
    errors = process.communicate(timeout=_PATIENCE_S)[1]
    if process.returncode != 0:
        sys.exit(f"{command}, which nobody stopped, ended with {process.returncode}: {errors}")
    return WholeRun(read_outcome(folder), time.monotonic() - started_s)


def strike(command: str, name: str, number: int, rows: Path, whole: WholeRun, place: Path) -> tuple[float, list[str]]:
    """Send a signal to a command at a random moment, resume it, and say what is wrong.

    Args:
        command: one of `COMMANDS`.
        name: of the signal.
        number: of the random moment.
        rows: a file of data.
        whole: the same command, which nobody stopped.
        place: a folder for it all, which is removed.

    Returns:
        The seconds it took to end, and what is wrong.
    """
    folder = place / "run"
    wait_s = 2 * random.Random(f"{command} {name} {number}").uniform(0, whole.elapsed_s)
    for _ in range(_MOST_TRIES):  # until it has not ended by then
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        wait_s /= 2
        process = start(command, rows, folder)
        try:
            process.communicate(timeout=wait_s)
        except subprocess.TimeoutExpired:
            if (blow := _send(process, name, folder)).code != 0:
                break
    else:
        return 0.0, [f"{command}: {name} was not heard"]
    trials, log = read_trials(folder), read_log(folder)
    again = start(command, rows, folder, "--resume")
    errors = again.communicate(timeout=_PATIENCE_S)[1]
    wrong = list_wrong_ends(blow)
    if again.returncode != 0:
        wrong.append(f"resumed, it ended with {again.returncode}: {errors.strip()[-200:]}")
    elif differing := list_differences(read_outcome(folder), whole.outcome):
        wrong.append(f"resumed, it is another run: {', '.join(differing)}")
    if sorted(os.listdir(place)) != ["run", "temporary"] or (name != "SIGKILL" and list_temporary(folder)):
        wrong.append("resumed, it left files beside its folder")
    if not wrong:
        wrong += list_losses(name, log, read_log(folder), trials, read_trials(folder))
    shutil.rmtree(place, ignore_errors=True)
    return blow.ending_s, [f"{command}, {name} after {wait_s:.2f} s: {each}" for each in wrong]


def _send(process: "subprocess.Popen[str]", name: str, folder: Path) -> Blow:
    process.send_signal(signal.Signals[name])
    sent_s = time.monotonic()
    process.wait(_PATIENCE_S)
    ending_s = time.monotonic() - sent_s
    orphans = find_session(process.pid)
    for orphan in orphans:
        with contextlib.suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
    errors = process.communicate()[1]
    return Blow(name, process.returncode, ending_s, errors, orphans, folder.exists(), list_temporary(folder))
