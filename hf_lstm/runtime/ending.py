"""Ends the process in time: once it is asked to end, it is gone within 10 seconds."""

import atexit
import contextlib
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""By which a process is asked to end: by Ctrl-C, by other processes, and by a terminal that is closed."""
GRACE_S = 8.0
"""From the wish to end until a process is ended that still works on something."""
_FINISHING_S = 1.0
"""After the end of a save that was under way then."""
_CHECK_S = 0.5
_STOP = 0  # the number of no signal


class EndWatch:
    """Ends the process some seconds after one of `ENDING_SIGNALS`, should it still work on something then.

    Python's own handlers don't run while the main thread is in a library. So the signal wakes a thread, too. A state
    that is being saved is saved to the end: see `finished_first`.
    """

    _num_unfinished: ClassVar[int] = 0

    def __init__(self, *, parent: int | None = None) -> None:
        """Describe the watch.

        Args:
            parent: a process; when it is gone, this one is asked to end.
        """
        self._parent = parent
        self._wakeup, self._sleeper = socket.socketpair()
        self._wakeup.setblocking(False)
        self._before_fd = -1
        self._thread = threading.Thread(target=self._watch, name="end-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch. Only the main thread may, as Python has it; in others, nothing is watched."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._before_fd = signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        if self._thread.ident is not None:
            signal.set_wakeup_fd(self._before_fd)
            self._wakeup.send(bytes([_STOP]))
            self._thread.join()
        self._wakeup.close()
        self._sleeper.close()

    @classmethod
    @contextlib.contextmanager
    def finished_first(cls) -> Iterator[None]:
        """Let a block end before the process does, however long that takes."""
        cls._num_unfinished += 1
        try:
            yield
        finally:
            cls._num_unfinished -= 1

    def _forget(self) -> None:
        """Hear no signals of a fork's as if they were this process's."""
        if (now_fd := signal.set_wakeup_fd(-1)) != self._wakeup.fileno():
            signal.set_wakeup_fd(now_fd)

    def _watch(self) -> None:
        code, ends_at_s = 128 + signal.SIGTERM, None
        while ends_at_s is None or time.monotonic() < ends_at_s:
            rests = ends_at_s is None and self._parent is None
            ready, _, _ = select.select([self._sleeper], [], [], None if rests else _CHECK_S)
            for number in self._sleeper.recv(64) if ready else b"":
                if number == _STOP:
                    return
                with contextlib.suppress(OSError):  # who listened before hears it, too, if there is anybody
                    os.write(self._before_fd, bytes([number]))
                if number in ENDING_SIGNALS and ends_at_s is None:
                    code, ends_at_s = 128 + number, time.monotonic() + GRACE_S
            if self._parent is not None and os.getppid() != self._parent and ends_at_s is None:
                ends_at_s = time.monotonic() + GRACE_S
                os.kill(os.getpid(), signal.SIGTERM)  # politely first, so that the state is saved
            if ends_at_s is not None and self._num_unfinished:
                ends_at_s = max(ends_at_s, time.monotonic() + _FINISHING_S)
        os._exit(code)


@contextlib.contextmanager
def ends_in_time() -> Iterator[None]:
    """Watch a block that is all of the process's work, and end the process as soon as nothing is left to save.

    Threads end, and what libraries have registered for the end runs, as always. Only then Python would take apart all
    modules, piece by piece: after training that costs 2 seconds of computing, many more where others compute, too.
    """
    code, process_id = 1, os.getpid()

    def leave() -> None:
        if os.getpid() != process_id:  # a fork, whose end is not ours to know
            return
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):  # there is none, nobody reads it, or closed
                stream.flush()
        os._exit(code)

    EndWatch().start()
    atexit.register(leave)  # first, and so it is called last
    try:
        yield
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        raise


def send_to_main_thread(number: int) -> None:
    """Send a signal to this process's main thread, which it wakes if that sleeps."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        thread_id = threading.main_thread().ident
        assert thread_id is not None
        signal.pthread_kill(thread_id, number)
