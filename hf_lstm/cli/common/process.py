"""Runs a command as a process: its exit codes, its error messages, and what ends it."""

import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NoReturn

from hf_lstm.cli.common.signals import EXIT_INTERRUPTED, hear_signals
from hf_lstm.cli.common.standard_streams import open_missing_streams, say, watching_output
from hf_lstm.errors import DivergenceError, InputError, LostProcessError, NonFiniteError, StorageError
from hf_lstm.extras import explain_missing_library
from hf_lstm.files.storage_errors import is_of_place, is_of_storage
from hf_lstm.runtime.cores import limit_threads
from hf_lstm.runtime.ending import ENDING_SIGNALS, ends_in_time
from hf_lstm.runtime.memory import is_of_memory

EXIT_ERROR, EXIT_WRONG_USE = 1, 2
NO_THREAD = (
    "no thread can be started; end what else runs, or allow this process more memory and processes "
    "(ulimit -v, ulimit -u)"
)
_ENDING_CODES = [128 + number for number in ENDING_SIGNALS]


def run_command_line(main: Callable[[Sequence[str]], None]) -> NoReturn:
    """Run `main` on the process's arguments, and exit.

    Exit codes: 0 done; 2 wrong use, bad input, a full disk or an extra that is not installed, with one line on stderr;
    130 Ctrl-C; 143 terminated; 129 the terminal was closed; 1 anything else, as memory that is full.
    Who is asked to end is gone within 10 seconds.
    """
    open_missing_streams()
    limit_threads()
    hear_signals()
    with ends_in_time():
        _run(main)
    sys.exit(0)


def _run(main: Callable[[Sequence[str]], None]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("hf_lstm").setLevel(logging.INFO)
    _refuse_lost_folder()
    try:
        with watching_output():
            main(sys.argv[1:])
    except InputError as error:
        _refuse(error)
    except ModuleNotFoundError as error:
        if (explanation := explain_missing_library(error)) is None:
            raise
        _refuse(explanation)
    except (DivergenceError, LostProcessError, NonFiniteError) as error:
        say(f"error: {error}")
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        if (code := _find_wish_to_end(error)) is not None:
            sys.exit(code)
        if is_of_memory(error):
            say(f"error: {explain_full_memory(error)}")
            sys.exit(EXIT_ERROR)
        if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
            say(f"error: {NO_THREAD}")
            sys.exit(EXIT_ERROR)
        if isinstance(error, OSError) and (is_of_storage(error) or is_of_place(error)):
            where = "a file" if error.filename is None else error.filename
            remedy = "make room, or see to the disk" if is_of_storage(error) else "see to it, or choose another place"
            _refuse(StorageError(f"{where} cannot be read or written: {error.strerror}; {remedy}"))
        raise


def _refuse_lost_folder() -> None:
    """Refuse to work in a folder that was removed: PyTorch's libraries abort there, and no file can be named."""
    try:
        os.getcwd()
    except FileNotFoundError:
        _refuse(InputError("the working folder was removed; change to another (cd)"))


def _find_wish_to_end(error: BaseException) -> int | None:
    """Find the exit code of a signal that a library has made another error of, as Python does while it builds a class.

    None if no signal is the cause. What fails on the way to the end, as saving may, has it as context alone: that is
    told.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return EXIT_INTERRUPTED
        if isinstance(cause, SystemExit) and isinstance(cause.code, int) and cause.code in _ENDING_CODES:
            return cause.code
        cause = cause.__cause__
    return None


def explain_full_memory(error: Exception) -> str:
    """Say in one line what is full, how much was asked for, and what to do."""
    reason = " ".join(str(error).split()).split(". ", 2)
    told = f" ({'. '.join(reason[:2]).rstrip('.')})" if str(error) else ""
    return (
        f"memory is full{told}; make batches smaller (train.batch_size, --batch-size) or texts shorter "
        "(model.max_length_tokens), or end what else uses it, and go on with --resume"
    )


def be_silent() -> None:
    """Say nothing any more but of errors in the program: another process speaks for this one."""
    speech = sys.stderr

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.stderr = speech
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = show
    logging.getLogger().handlers.clear()
    logging.getLogger().addHandler(logging.NullHandler())
    sys.stdout = sys.stderr = io.StringIO()


def _refuse(error: InputError) -> NoReturn:
    say(f"error: {' '.join(str(error).split())}")
    sys.exit(EXIT_WRONG_USE)
