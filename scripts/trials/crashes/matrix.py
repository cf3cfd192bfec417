"""Kills and fails runs at each call that changes a file, or at any moment, resumes them, and compares the outcome."""

import contextlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError, StorageError
from hf_lstm.runtime.ending import EndWatch
from trials.commands.outcomes import list_differences
from trials.crashes.calls import MODES, Calls, run_forked, start_forked
from trials.crashes.outcomes import Outcomes, Strike, append_record, digest_run
from trials.crashes.work import Work, name_counter
from trials.signals import heed_ctrl_c

MAX_ENDING_S = 10.0
"""What a run may take to save and to leave when it is asked to."""
_SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM}
_MAX_SHOWN = 5
_NUM_STARTS = 20
"""Processes that start at once."""


@dataclass(frozen=True)
class WholeRun:
    """Holds what came of the run that nobody stopped."""

    work: Work
    outcome: Mapping[str, Any]
    """See `Work.read`."""
    names: list[str]
    """Of its calls."""
    elapsed_s: float
    of: str
    """Its digest: see `digest_run`."""


def run_whole(work: Work, folder: Path) -> WholeRun:
    """Run without any fault."""
    work.warm_up(folder.with_name(f"{folder.name}-warm"))
    found = folder.with_suffix(".json")

    def run() -> None:
        with Calls(folder).watching() as calls:
            work.do(folder)
        found.write_text(json.dumps({"names": calls.names, "of": digest_run(calls.names)}))

    started_s = time.monotonic()
    run_forked(run)
    elapsed_s = time.monotonic() - started_s
    outcome = work.read(folder)
    assert outcome is not None
    return WholeRun(work, outcome, elapsed_s=elapsed_s, **json.loads(found.read_text()))


def list_strikes(num_calls: int, *, every: int, kills: int, signals: int, starts: int) -> list[Strike]:
    """List all strikes of a matrix, in an order whose beginning is spread over all of them."""
    strikes = [Strike(mode, number) for mode in MODES for number in range(0, num_calls, every)]
    strikes += [Strike("SIGKILL", number) for number in range(kills)]
    strikes += [Strike(("SIGINT", "SIGTERM")[number % 2], number) for number in range(signals)]
    strikes += [Strike("starts", number) for number in range(starts)]
    random.Random(0).shuffle(strikes)
    return strikes


def strike(folder: Path, whole: WholeRun, what: Strike) -> str | None:
    """Strike a run, resume it, and say what is wrong with what came of it; None if nothing is."""
    if what.kind == "starts":
        return _start_together(folder, whole.work)
    if what.kind in _SIGNALS:
        return _send_signal(folder, whole, what)

    def run() -> None:
        with Calls(folder, what.number, what.kind).watching(), contextlib.suppress(StorageError, OSError):
            whole.work.do(folder)

    code = run_forked(run)
    where = f"{what.kind} at call {what.number}, {whole.names[what.number]}"
    if (wrong := _find_wrong(folder, whole)) is not None:
        return f"{where}: {wrong}"
    if what.kind in ("ENOSPC", "EIO"):
        return None if code == 0 else f"{where}: it became another error"
    return None if code == -signal.SIGKILL else f"{where}: the call was not reached"


def _send_signal(folder: Path, whole: WholeRun, what: Strike) -> str | None:
    """Send a signal to a run at a random moment, sooner if it has ended by then, and say what is wrong."""
    wait_s = 2 * random.Random(f"{what.kind} {what.number}").uniform(0, whole.elapsed_s)
    code = 0
    while code == 0:
        _remove(folder)
        wait_s /= 2
        heard = signal.getsignal(signal.SIGINT)
        heed_ctrl_c()  # before the fork: unheard, a signal ends no run, and this would go on for ever
        try:
            child = start_forked(lambda: _work_as_command(whole.work, folder))
        finally:
            signal.signal(signal.SIGINT, heard)
        time.sleep(wait_s)
        os.kill(child, _SIGNALS[what.kind])
        sent_s = time.monotonic()
        code = os.waitpid(child, 0)[1]
        ending_s = time.monotonic() - sent_s
    wrong = _find_wrong(folder, whole)
    if wrong is None and ending_s > MAX_ENDING_S:
        wrong = f"it took {ending_s:.1f} s to end"
    return None if wrong is None else f"{what.kind} after {wait_s:.3f} s: {wrong}"


def _work_as_command(work: Work, folder: Path) -> None:
    """Work in a folder, as a command of ours does that is asked to end."""
    EndWatch().start()
    work.do(folder)


def _start_together(folder: Path, work: Work) -> str | None:
    """Start processes that claim a folder at once, and say if not exactly one has got it."""
    begin, won, lost = (folder.with_suffix(f".{name}") for name in ("begin", "won", "lost"))

    def claim() -> None:
        while not begin.exists():
            time.sleep(0.001)
        try:
            with work.claim(folder):
                append_record(won, {"pid": os.getpid()})
                while not lost.exists() or len(lost.read_bytes().splitlines()) < _NUM_STARTS - 1:
                    time.sleep(0.01)
        except InputError as error:
            append_record(lost, {"error": str(error)})

    children = [start_forked(claim) for _ in range(_NUM_STARTS)]
    begin.touch()
    deadline_s = time.monotonic() + 60
    for child in children:
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline_s:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.01)
    winners = [json.loads(line)["pid"] for line in won.read_text().splitlines()] if won.exists() else []
    errors = [json.loads(line)["error"] for line in lost.read_text().splitlines()] if lost.exists() else []
    for path in (begin, won, lost):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    if len(winners) != 1 or len(errors) != _NUM_STARTS - 1:
        return f"starts: {len(winners)} of {_NUM_STARTS} got the folder, {len(errors)} were refused"
    unnamed = [error for error in errors if str(winners[0]) not in error]
    return f"starts: a refusal does not name the holder: {unnamed[0]}" if unnamed else None


def strike_all(
    scratch: Path, whole: WholeRun, strikes: Sequence[Strike], outcomes: Outcomes, *, workers: int, minutes: float
) -> None:
    """Make strikes in several processes, until all are made or the time is over."""
    ends_at_s = time.monotonic() + 60 * minutes

    def make_worker(number: int) -> Callable[[], None]:
        def work() -> None:
            for what in strikes[number::workers]:
                if time.monotonic() > ends_at_s:
                    return
                outcomes.add(what, strike(scratch / f"run-{number}", whole, what))

        return work

    children = [start_forked(make_worker(number)) for number in range(workers)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if any(codes):
        raise RuntimeError(f"a worker failed: exit codes {codes}")


def _find_wrong(folder: Path, whole: WholeRun) -> str | None:
    """Say what a stopped run has lost; or resume it in a new process, compare it with the whole run, and remove it."""
    loss = whole.work.find_loss(folder)
    code = run_forked(lambda: whole.work.do(folder))
    strays = [path.name for path in folder.rglob(".*")] if folder.is_dir() else []
    outcome = whole.work.read(folder) or {}
    _remove(folder)
    if loss is None and code != 0:
        return f"resumed, it ended with {code}"
    if loss is None and strays:
        return f"resumed, it left {strays[0]}"
    if loss is None and (differing := list_differences(outcome, whole.outcome)):
        return f"resumed, it is another run: {', '.join(differing[:_MAX_SHOWN])}"
    return loss


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    name_counter(folder).unlink(missing_ok=True)
