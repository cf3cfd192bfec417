"""Runs contenders in turns, each in its own process.

The order is A B C A B C, so that drift of the machine meets all alike.
"""

import contextlib
import importlib.util
import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Collection, Generator, Sequence
from multiprocessing.connection import Connection

from benchmarking.harness.limits import FIRST_ROUND_S, Limits
from benchmarking.harness.spec import INSTALL_HINT, Answer, Contender, Outcome

_EXIT_TIMEOUT_S = 5
_START_S = 1
"""A process takes as long to start. Where less is left, dozens would be started and ended beyond all time limits."""


class ContenderError(RuntimeError):
    """Reports that a contender's process failed or ended."""


class OutOfTimeError(RuntimeError):
    """Reports that a contender gave no answer within its time."""


class Worker:
    """Runs a contender in its own process.

    It does nothing unless asked. Processes are spawned, not forked: each starts with one thread and its own
    floating-point mode, so that what one contender sets (denormals flushed, processor affinity) never reaches another.
    """

    def __init__(self, contender: Contender) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(contender, theirs))
        self._process.start()
        theirs.close()

    def ask(self, timeout_s: float | None) -> Answer:
        """Return the contender's next answer.

        At first it is its facts, then a round's metrics.

        Raises:
            ContenderError: it raised, or its process ended.
            OutOfTimeError: it took longer than `timeout_s`.
        """
        try:
            self._connection.send("next")
            if not self._connection.poll(timeout_s):
                raise OutOfTimeError
            kind, content = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(_EXIT_TIMEOUT_S)
            raise ContenderError(f"its process ended with exit code {self._process.exitcode}") from None
        if kind == "error":
            raise ContenderError(content)
        answer: Answer = content
        return answer

    def stop(self) -> None:
        """End the process, and those it may have started."""
        self._connection.close()  # its `recv` raises EOFError
        for end in (self._process.terminate, self._process.kill):
            self._process.join(_EXIT_TIMEOUT_S)
            if self._process.is_alive():
                end()
        self._process.join()

    def stop_at_once(self) -> None:
        """End the process in the midst of its work, and those it may have started."""
        self._process.terminate()
        self.stop()


def _serve(contender: Contender, connection: Connection) -> None:
    """Answer each request, until there are no more."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())  # so that it ends its own processes, too
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # peers print much; what matters is an answer
    with contextlib.suppress(EOFError, KeyboardInterrupt), contextlib.closing(_run(contender)) as answers:
        while True:
            connection.recv()
            connection.send(next(answers))


def _run(contender: Contender) -> Generator[tuple[str, Answer | str], None, None]:
    try:
        with contextlib.closing(contender.start(**contender.arguments)) as answers:
            yield "answer", next(answers)
            for metrics in answers:
                yield "answer", metrics
    except Exception as error:  # whatever it is: it is reported, and the others go on
        yield "error", _describe_error(error)


def _describe_error(error: Exception) -> str:
    """Describe an error in one line, without folders, which are private."""
    message = re.sub(r"(?:/[^\s/:'\"]+)+/", "", " ".join(str(error).split()))
    return f"{type(error).__name__}: {message:.200}"


def measure_interleaved(
    contenders: Sequence[Contender],
    repeats: int,
    announce: Callable[[str, str], None] = lambda stage, name: None,
    *,
    formats: Collection[str] | None = None,
    limit_s: float | None = None,
    first_rounds_s: float | None = None,
    first_round_s: float = FIRST_ROUND_S,
) -> dict[str, Outcome]:
    """Prepare all contenders, then measure them in interleaved rounds.

    They are prepared one after the other. Each of the `repeats` rounds measures all in their order; where preparations
    take most of the time, first rounds come in between. Only one process works at a time. A contender that fails, or
    whose time is up, takes no further part; the others go on.

    Args:
        contenders: what to measure.
        repeats: number of rounds.
        announce: told the stage and the contender before each piece of work.
        formats: the number formats that this machine has in hardware; who computes in another is left out.
        limit_s: seconds for all together, which first rounds may exceed; one alone has at most three times its share.
            None sets no limit.
        first_rounds_s: seconds after which no first round goes on, either; one alone has at most half of
            what is left. None sets no limit.
        first_round_s: seconds that each has at least for its preparation and first round, if that many are left.

    Returns:
        What came of each, by name, in their order.
    """
    outcomes = {contender.name: _check_usable(contender, formats) for contender in contenders}
    assert len(outcomes) == len(contenders), "names must differ"
    taking_part = [each for each in contenders if outcomes[each.name].status == "measured"]
    limits = Limits.start(limit_s, first_rounds_s, first_round_s, len(taking_part))
    turns = _Turns(outcomes, repeats, limits)
    try:
        for contender in taking_part:
            announce("preparing", contender.name)
            turns.prepare(contender)
            if limits.is_late():
                turns.take_round(1, announce)
        for number in range(1, repeats + 1):
            turns.take_round(number, announce)
    finally:
        for worker in turns.workers.values():
            worker.stop()
    return outcomes


def _check_usable(contender: Contender, formats: Collection[str] | None) -> Outcome:
    if formats is not None and contender.number_format not in formats:
        reason = f"{contender.number_format} is emulated on this processor, many times slower than float32"
        return Outcome(status="left out", reason=reason)
    missing = [module for module in contender.requires if importlib.util.find_spec(module) is None]
    if missing:
        return Outcome(status="not installed", reason=f"no {', '.join(missing)}: {INSTALL_HINT}")
    return Outcome()


class _Turns:
    """Gives contenders their turns, and watches their time."""

    def __init__(self, outcomes: dict[str, Outcome], repeats: int, limits: Limits) -> None:
        self.workers: dict[str, Worker] = {}
        self._outcomes = outcomes
        self._repeats = repeats
        self._limits = limits

    def prepare(self, contender: Contender) -> None:
        """Start a contender, and take its facts, if there is time for it."""
        outcome = self._outcomes[contender.name]
        left_s = self._limits.find_time_left(outcome)
        if left_s is not None and left_s < _START_S:
            outcome.status, outcome.reason = "stopped", "not started, as the time was over"
            return
        self.workers[contender.name] = Worker(contender)
        outcome.facts = self._ask(contender.name)

    def take_round(self, number: int, announce: Callable[[str, str], None]) -> None:
        """Let each contender that is prepared do a round, unless it has done this one."""
        for name in list(self.workers):
            if self._count_rounds(name) < number:
                announce(f"round {number}/{self._repeats}", name)
                self.take(name)

    def _count_rounds(self, name: str) -> int:
        return max(map(len, self._outcomes[name].samples.values()), default=0)

    def take(self, name: str) -> None:
        """Let a contender do a round, unless the time that is left to it is less than a round took."""
        outcome = self._outcomes[name]
        left_s = self._limits.find_time_left(outcome)
        if left_s is not None and left_s < outcome.round_s:
            self._stop(name)
            return
        before_s = outcome.elapsed_s
        for metric, value in self._ask(name).items():
            outcome.samples.setdefault(metric, []).append(value)
        outcome.round_s = outcome.elapsed_s - before_s

    def _ask(self, name: str) -> Answer:
        outcome, started = self._outcomes[name], time.monotonic()
        try:
            answer = self.workers[name].ask(self._limits.find_time_left(outcome))
            outcome.elapsed_s += time.monotonic() - started
            return answer
        except ContenderError as error:
            outcome.status, outcome.reason = "failed", str(error)
            self.workers.pop(name).stop()
        except OutOfTimeError:
            outcome.elapsed_s += time.monotonic() - started
            self._stop(name)
        return {}

    def _stop(self, name: str) -> None:
        outcome = self._outcomes[name]
        num_rounds = self._count_rounds(name)
        outcome.reason = f"stopped after {outcome.elapsed_s:.0f} s, with {num_rounds} of {self._repeats} rounds done"
        if not num_rounds:
            outcome.status = "stopped"
        self.workers.pop(name).stop_at_once()
