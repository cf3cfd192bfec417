"""Starts whole commands that train, strikes them, resumes them, and says what was lost."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_lstm.files import METRICS_FILE, UNFINISHED_FOLDER

SIGNALS = ("SIGTERM", "SIGINT", "SIGKILL")
MAX_ENDING_S = 10.0
"""What a command may take to save and to leave when it is asked to."""
CHECKPOINT_STEPS = 10
MAX_EPOCH_LINES = 3
"""Of a log, besides those of steps."""
_PATIENCE_S = 900.0
_MOST_TRIES = 8
_ROOT = Path(__file__).resolve().parent.parent.parent
_NUM_ROWS = 600
_TINY = ("model.hidden_size=8", "model.embedding_dim=8", "tokenizer.max_words=1000")
_STEPS = ("--checkpoint-steps", str(CHECKPOINT_STEPS))
_OF_TIME = ("elapsed_s", "tokens_per_s", "command")
"""Fields that differ from run to run."""
_OF_NO_RUN = (".md", ".log", ".png")
"""Files that tell times, or show them; of these, the names are compared."""
_OF_PYTORCH = "torchinductor_"
"""What PyTorch's folder for all of a user's processes begins with; it is meant to stay."""
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "train": ("--recipe", "pooled-bilstm", "--no-baseline", *_STEPS, "--set", *_TINY, "train.num_epochs=3"),
    "pretrain": (
        "--recipe", "lm-small", *_STEPS, "--set", *_TINY, "pretrain.num_epochs=2", "pretrain.batch_size=8",
    ),
    "search": (
        "--recipe", "pooled-bilstm", "--trials", "4", "--checkpoint-minutes", "0.01", "--space",
        "train.learning_rate=1e-3..1e-1:log", "--set", *_TINY, "train.num_epochs=2",
    ),
}  # fmt: skip


_started: "list[subprocess.Popen[str]]" = []
_is_over = threading.Event()


@dataclass(frozen=True)
class WholeRun:
    """Holds what came of a command that nobody stopped."""

    outcome: dict[str, Any]
    """See `read_outcome`."""
    elapsed_s: float


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


def write_rows(path: Path) -> None:
    """Write some reviews of the sample as CSV."""
    import pandas

    table = pandas.read_parquet(_ROOT / "hf_lstm" / "resources" / "sample" / "train.parquet").head(_NUM_ROWS)
    table.assign(text=table["text"].str[:400]).to_csv(path, index=False)


def start(command: str, rows: Path, folder: Path, *more: str) -> "subprocess.Popen[str]":
    """Start a command, with one thread, in a session of its own, by which its processes are found."""
    temporary = name_temporary(folder)
    temporary.mkdir(exist_ok=True)
    arguments = [*more, "--dataset", str(rows), "--no-progress", "--output-dir", str(folder), *COMMANDS[command]]
    if _is_over.is_set():
        raise RuntimeError("no more commands are started")
    process = subprocess.Popen(
        [sys.executable, "-m", "hf_lstm", command, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _started.append(process)
    return process


def end_all() -> None:
    """Kill the commands that still run, which hear no Ctrl-C of this terminal, and start no more."""
    _is_over.set()
    for process in _started:
        if process.poll() is None:
            process.kill()


def name_temporary(folder: Path) -> Path:
    """Name the place of the temporary files of a run."""
    return folder.with_name("temporary")


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
    elif read_outcome(folder) != whole.outcome:
        wrong.append("resumed, it is another run")
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


def list_temporary(folder: Path) -> list[str]:
    """List the temporary files that a run has left."""
    return [name for name in os.listdir(name_temporary(folder)) if not name.startswith(_OF_PYTORCH)]


def find_session(leader: int) -> list[int]:
    """Find the processes that a session still has. Needs Linux."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                found.append(int(entry.name))
    return found


def list_wrong_ends(blow: Blow) -> list[str]:
    """List what is wrong with how a command ended."""
    number = signal.Signals[blow.name].value
    is_polite = blow.name != "SIGKILL"
    # Python, which starts, hears no signal of ours: it ends as the shell has it, which calls that 130 or 143, too.
    as_expected = blow.code == (128 + number if is_polite else -number) or (blow.code == -number and not blow.has_begun)
    faults = {
        f"it ended with {blow.code}": not as_expected,
        f"it took {blow.ending_s:.1f} s to end": blow.ending_s > MAX_ENDING_S,
        f"it left {len(blow.orphans)} processes": bool(blow.orphans),
        f"it left {blow.left[:1]} among the temporary files": is_polite and bool(blow.left),
        f"it said {blow.errors.strip()[-200:]!r}": is_polite and blow.has_begun and "Traceback" in blow.errors,
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


def _drop_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _drop_times(each) for name, each in value.items() if name not in _OF_TIME}
    return [_drop_times(each) for each in value] if isinstance(value, list) else value


def read_log(folder: Path) -> list[str]:
    """Read the whole lines of a run's log, finished or not."""
    for path in (folder / METRICS_FILE, folder / UNFINISHED_FOLDER / METRICS_FILE):
        if path.is_file():
            return [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return []


def read_trials(folder: Path) -> dict[int, Any]:
    """Read what is known of the trials of a search that have ended, times included."""
    path = folder / "search.json"
    trials = json.loads(path.read_bytes())["trials"] if path.is_file() else []
    return {trial["number"]: trial for trial in trials}
