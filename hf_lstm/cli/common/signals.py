"""Turns Ctrl-C and other signals into exceptions, where nobody aborts of these."""

import _imp
import _thread
import importlib
import signal
import sys
import time
from opcode import opmap
from types import FrameType

from hf_lstm.runtime.ending import send_to_main_thread

EXIT_INTERRUPTED = 130
_IMPORT = opmap["IMPORT_NAME"]
_RETRY_S = 0.01


def hear_signals() -> None:
    """Have Ctrl-C raise `KeyboardInterrupt`, and SIGTERM and a closed terminal (SIGHUP) `SystemExit`.

    So every `finally` removes what is half-done, and a run is saved.

    Python raises between any two steps of its code. Where that was called by C++ which sets up a module, as when
    PyTorch is imported, there may be nobody to catch it: the process aborts, or goes on as if nobody had asked. So the
    signal is sent anew until that is over, after some thousandths of a second. What is ignored stays so: Ctrl-C in the
    background, and the end of a terminal by `nohup`.
    """
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _end)


def is_called_by_library(frame: FrameType | None) -> bool:
    """Tell whether C code has called a frame, or one that led to it, to import a module or while it sets up its own."""
    while frame is not None and (caller := frame.f_back) is not None:
        if _is_setting_up(caller) or (_is_of_import(frame) and not _is_importing(caller)):
            return True
        frame = caller
    return False


def _is_of_import(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith("<frozen importlib")


def _is_setting_up(frame: FrameType) -> bool:
    """Tell whether a frame runs the C code of a new module."""
    if frame.f_code.co_name != "_call_with_frames_removed" or not _is_of_import(frame):
        return False
    return frame.f_locals.get("f") in (_imp.create_dynamic, _imp.exec_dynamic)


def _is_importing(frame: FrameType) -> bool:
    """Tell whether a frame is at an import, as of a statement or of `import_module`, and not at the call of C code."""
    if _is_of_import(frame) or frame.f_globals is importlib.__dict__:
        return True
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == _IMPORT


def _end(number: int, frame: FrameType | None) -> None:
    if is_called_by_library(frame):
        # Not `threading.Timer`, whose start waits for locks that the interrupted code may hold.
        _thread.start_new_thread(_send_again, (number,))
    elif number == signal.SIGINT:
        raise KeyboardInterrupt
    else:
        sys.exit(128 + number)


def _send_again(number: int) -> None:
    time.sleep(_RETRY_S)
    send_to_main_thread(number)
