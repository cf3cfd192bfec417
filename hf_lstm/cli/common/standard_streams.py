"""Takes what may stand behind standard input, output and error: nothing, a full disk, or a reader that goes away."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from hf_lstm.errors import StorageError

_EXIT_WITHOUT_READER = 1


class _Output(io.FileIO):
    """Writes to standard output, and remembers its failure, which argparse and others let pass."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write bytes, and return how many were written."""
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise


def open_missing_streams() -> None:
    """Open the standard streams that this process was started without (`<&-`, `>&-`).

    The next file that it opens would take their number, and what is printed would go there. Where standard error is
    missing, Python prints errors on standard output.
    """
    # In the order of their numbers: each takes the lowest that is free.
    sys.stdin = _open_null(os.O_RDONLY, is_input=True) if sys.stdin is None else sys.stdin
    # Opened to read, so that to print fails as it does where nothing is open: what was asked for cannot be told.
    sys.stdout = _open_null(os.O_RDONLY) if sys.stdout is None else sys.stdout
    sys.stderr = _open_null(os.O_WRONLY) if sys.stderr is None else sys.stderr


def _open_null(flags: int, *, is_input: bool = False) -> TextIO:
    descriptor = os.open(os.devnull, flags)
    os.set_inheritable(descriptor, True)  # as the standard streams are
    return open(descriptor, "r" if is_input else "w", encoding="utf-8", errors="replace", closefd=False)


@contextlib.contextmanager
def watching_output() -> Iterator[None]:
    """Flush what a block prints, also where it exits without an error, as `--help` does.

    If the reader has gone, as in `... | head`, the process exits in silence.

    Raises:
        StorageError: standard output is closed, or on a disk that is full or fails.
    """
    output, ending = _watch_output(), None
    try:
        try:
            yield
        except SystemExit as error:
            if error.code:
                raise
            ending = error
        sys.stdout.flush()
    except OSError as error:
        if output is None or error is not output.failure:
            raise
    if output is not None and output.failure is not None:
        if isinstance(output.failure, BrokenPipeError):
            sys.exit(_EXIT_WITHOUT_READER)
        raise StorageError(f"standard output cannot be written: {output.failure.strerror}")
    if ending is not None:
        raise ending


def _watch_output() -> _Output | None:
    """Put a writer that remembers its failure behind `sys.stdout`; None where that is no file, as in tests."""
    stream = sys.stdout
    if type(stream) is not io.TextIOWrapper or not isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO):
        return None
    stream.flush()
    output = _Output(stream.fileno(), "w", closefd=False)
    by_line = stream.line_buffering or stream.write_through
    # Names of files may hold what no encoding can; by default, Python takes this on standard error alone.
    errors = "backslashreplace" if stream.errors == "strict" else stream.errors
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(output), encoding=stream.encoding, errors=errors, line_buffering=by_line
    )
    return output


def say(line: str) -> None:
    """Print a line on standard error, if anything can be."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)
