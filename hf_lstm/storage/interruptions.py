"""Defers Ctrl-C and other signals to the end of a step, when the state can be saved."""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from hf_lstm.runtime.ending import ENDING_SIGNALS, send_to_main_thread

MAX_DEFERRED_S = 5.0
"""After this long a step is broken off all the same: whoever asks for the end must not wait 10 seconds for it."""


class Interruptions:
    """Turns Ctrl-C into `KeyboardInterrupt`, and the others of `ENDING_SIGNALS` into `SystemExit`.

    Not in the midst of a step: what is asked for then waits for its end.

    Use:

        >>> with Interruptions() as interruptions:
        ...     try:
        ...         while ...:
        ...             with interruptions.deferred():
        ...                 train_step()
        ...     except (KeyboardInterrupt, SystemExit):
        ...         if not interruptions.is_broken:
        ...             checkpoints.save(...)
        ...         raise

    In another thread than the main one it does nothing, as Python allows nothing there.
    """

    def __init__(self) -> None:
        self.is_broken = False
        """Whether a step ended half-way, so that its state must not be saved."""
        self._is_deferring = False
        self._is_told = False
        self._pending: tuple[int, FrameType | None] | None = None
        self._first_s: float | None = None
        self._timer: threading.Timer | None = None
        self._handlers: dict[int, Any] = {}

    @property
    def is_pending(self) -> bool:
        """Tell whether a signal waits for the end of a step."""
        return self._pending is not None

    def __enter__(self) -> "Interruptions":
        """Take over the signals that would end the process."""
        if threading.current_thread() is threading.main_thread():
            for number in ENDING_SIGNALS:
                is_others = signal.getsignal(number) in (signal.SIG_IGN, None)  # as `nohup` has it, or not Python's
                if not is_others:
                    self._handlers[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        if self._timer is not None:
            self._timer.cancel()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """Let a block end before a signal counts, unless it takes too long."""
        self._is_deferring = True
        try:
            yield
        except BaseException:
            self.is_broken = True
            raise
        finally:
            self._is_deferring = False
        self.end_if_pending()
        if self._is_told:
            self.end_as_others()

    def end_after_step(self) -> None:
        """End this process's work after the step that runs, as if it had been sent SIGTERM: `SystemExit` is raised."""
        self._is_told = True

    def end_as_others(self) -> None:
        """End this process as others do that were sent SIGTERM; a signal of its own that follows at once is theirs."""
        self._first_s = time.monotonic()
        sys.exit(128 + signal.SIGTERM)

    def end_if_pending(self) -> None:
        """Do what a signal asks for that waits for the end of a step, if one does."""
        if self._pending is not None:
            self._end(*self._pending)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._first_s is not None and now_s - self._first_s < MAX_DEFERRED_S:
            return  # the same wish, sent to the process and to its group, or by an impatient hand
        if not self._is_deferring or self._first_s is not None:
            self._first_s = now_s
            self._end(number, frame)
            return  # as a program's own handler may
        self._first_s = now_s
        self._pending = (number, frame)
        self._timer = threading.Timer(MAX_DEFERRED_S, send_to_main_thread, [number])
        self._timer.daemon = True
        self._timer.start()

    def _end(self, number: int, frame: FrameType | None) -> None:
        """Do what the signal did before: by default, raise."""
        if self._timer is not None:
            self._timer.cancel()
        self._pending = None
        handler = self._handlers[number]
        if callable(handler):
            handler(number, frame)
        else:
            sys.exit(128 + number)
