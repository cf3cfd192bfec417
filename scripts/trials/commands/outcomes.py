"""Reads what a command has left, and says what is wrong with it, and what was lost."""

import contextlib
import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_lstm.files.names import METRICS_FILE, UNFINISHED_FOLDER
from hf_lstm.records.search import SEARCH_FILE, UNFINISHED
from trials.commands.starting import CHECKPOINT_STEPS

MAX_ENDING_S = 10.0
"""What a command may take to save and to leave when it is asked to."""
MAX_EPOCH_LINES = 3
"""Of a log, besides those of steps."""
_MAX_SHOWN = 400
_OF_TIME = ("elapsed_s", "tokens_per_s", "command")
"""Fields that differ from run to run."""
_OF_NO_RUN = (".md", ".log", ".png")
"""Files that tell times, or show them; of these, the names are compared."""


@dataclass(frozen=True)
class Blow:
    """Says how a command was struck, and what became of it."""

    name: str
    """Of the signal."""
    code: int
    """How the process ended: an exit code, or minus the number of the signal."""
    ending_s: float
    """From the signal to the end."""
    errors: str
    """What it wrote to stderr."""
    orphans: list[int]
    """Processes of its that were alive then."""
    has_begun: bool
    """Whether it had claimed its folder."""
    left: list[str]
    """Temporary files."""


def list_wrong_ends(blow: Blow) -> list[str]:
    """List what is wrong with how a command ended."""
    number = signal.Signals[blow.name].value
    is_polite = blow.name != "SIGKILL"
    # Python, which starts, hears no signal of ours: it ends as the shell has it, which calls that 130 or 143, too.
    as_expected = blow.code == (128 + number if is_polite else -number) or (blow.code == -number and not blow.has_begun)
    faults = {
        f"it ended with {blow.code}: {blow.errors.strip()[-_MAX_SHOWN:]!r}": not as_expected,
        f"it took {blow.ending_s:.1f} s to end": blow.ending_s > MAX_ENDING_S,
        f"it left {len(blow.orphans)} processes": bool(blow.orphans),
        f"it left {blow.left[:1]} among the temporary files": is_polite and bool(blow.left),
        f"it said {blow.errors.strip()[-_MAX_SHOWN:]!r}": is_polite and blow.has_begun and "Traceback" in blow.errors,
    }
    return [fault for fault, is_there in faults.items() if is_there]


def list_losses(
    name: str,
    log: Sequence[str],
    log_after: Sequence[str],
    trials: Mapping[int, Any],
    trials_after: Mapping[int, Any],
) -> list[str]:
    """List what was done twice: times tell who did it.

    Who is asked to end loses no step, who is killed those after the last checkpoint. A trial that has ended is kept.
    """
    num_kept = next((index for index, line in enumerate(log) if log_after[index : index + 1] != [line]), len(log))
    most = CHECKPOINT_STEPS + MAX_EPOCH_LINES if name == "SIGKILL" else 0
    lost = [number for number, trial in trials.items() if trials_after.get(number) != trial]
    faults = {
        f"{len(log) - num_kept} lines of the log were done again": len(log) - num_kept > most,
        f"trials {lost} were done again": bool(lost),
    }
    return [fault for fault, is_there in faults.items() if is_there]


def read_outcome(folder: Path) -> dict[str, Any]:
    """Read all that a run has left, but for times: by the names of files, their values or bytes."""
    outcome: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_dir() or path.suffix in _OF_NO_RUN:
            outcome[name] = None
        elif path.suffix == ".json":
            outcome[name] = _drop_times(json.loads(path.read_bytes()))
        elif path.name == METRICS_FILE:
            outcome[name] = [_drop_times(json.loads(line)) for line in path.read_bytes().splitlines()]
        else:
            outcome[name] = path.read_bytes()
    return outcome


def list_differences(outcome: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """List the names of files that only one of two outcomes has, or that differ."""
    shared = outcome.keys() & expected.keys()
    return sorted({*(outcome.keys() ^ expected.keys()), *(name for name in shared if outcome[name] != expected[name])})


def _drop_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _drop_times(each) for name, each in value.items() if name not in _OF_TIME}
    return [_drop_times(each) for each in value] if isinstance(value, list) else value


def read_log(folder: Path) -> list[str]:
    """Read the whole lines of a run's log, finished or not."""
    for path in (folder / METRICS_FILE, folder / UNFINISHED_FOLDER / METRICS_FILE):
        with contextlib.suppress(FileNotFoundError):  # also of a run that removes it at this moment
            return [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return []


def read_trials(folder: Path) -> dict[int, Any]:
    """Read what is known of the trials of a search that have ended, times included."""
    path = folder / SEARCH_FILE
    trials = json.loads(path.read_bytes())["trials"] if path.is_file() else []
    return {trial["number"]: trial for trial in trials if trial["state"] != UNFINISHED}
