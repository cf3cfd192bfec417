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
from collections.abc import Callable, Generator, Mapping, Sequence
from multiprocessing.connection import Connection

from benchmarking.harness.spec import INSTALL_HINT, Answer, Contender, Outcome

_EXIT_TIMEOUT_S = 5


class ContenderError(RuntimeError):
    """Reports that a contender's process failed or ended."""


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

    def ask(self) -> Answer:
        """Return the contender's next answer.

        At first it is its facts, then a round's metrics.

        Raises:
            ContenderError: it raised, or its process ended.
        """
        try:
            self._connection.send("next")
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
    contenders: Sequence[Contender], repeats: int, announce: Callable[[str, str], None] = lambda stage, name: None
) -> dict[str, Outcome]:
    """Prepare all contenders, then measure them in interleaved rounds.

    They are prepared one after the other. Each of the `repeats` rounds measures all in their order. Only one process
    works at a time. A contender that fails takes no further part; the others go on.

    Args:
        contenders: what to measure.
        repeats: number of rounds.
        announce: told the stage and the contender before each piece of work.

    Returns:
        What came of each, by name, in their order.
    """
    outcomes = {contender.name: _check_installed(contender) for contender in contenders}
    assert len(outcomes) == len(contenders), "names must differ"
    workers: dict[str, Worker] = {}
    try:
        for contender in contenders:
            if outcomes[contender.name].status == "measured":
                announce("preparing", contender.name)
                workers[contender.name] = Worker(contender)
                outcomes[contender.name].facts = _ask(workers, contender.name, outcomes)
        for number in range(1, repeats + 1):
            for name in list(workers):
                announce(f"round {number}/{repeats}", name)
                for metric, value in _ask(workers, name, outcomes).items():
                    outcomes[name].samples.setdefault(metric, []).append(value)
    finally:
        for worker in workers.values():
            worker.stop()
    return outcomes


def _check_installed(contender: Contender) -> Outcome:
    missing = [module for module in contender.requires if importlib.util.find_spec(module) is None]
    if missing:
        return Outcome(status="not installed", reason=f"no {', '.join(missing)}: {INSTALL_HINT}")
    return Outcome()


def _ask(workers: dict[str, Worker], name: str, outcomes: Mapping[str, Outcome]) -> Answer:
    try:
        return workers[name].ask()
    except ContenderError as error:
        outcomes[name].status, outcomes[name].reason = "failed", str(error)
        workers.pop(name).stop()
        return {}
