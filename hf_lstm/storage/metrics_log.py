"""Logs the figures of training as JSON lines, and takes back those after a checkpoint."""

import json
import logging
import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.files.reading import open_regular_file
from hf_lstm.files.storage_errors import raise_storage_error

logger = logging.getLogger(__name__)

MAX_DELAY_S = 1.0
"""How long a record may wait for later ones, to be written with them."""


class MetricsLog:
    """Appends records to a file of JSON lines.

    A checkpoint saves the log's `flush()`. A resumed run calls `cut()` with it, so that no line is there twice.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, which is made if need be.

        Raises:
            InputError: there is something else of that name, such as a pipe or a device.
            StorageError: it cannot be written: see `raise_storage_error`.
        """
        self.path = path
        self._lines: list[bytes] = []
        self._written_s = time.monotonic()
        self._descriptor = _open_log(path)
        self._num_bytes = os.lseek(self._descriptor, 0, os.SEEK_END)

    def __enter__(self) -> "MetricsLog":
        """Return the log."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write the last lines, and close the file."""
        try:
            self._write()
        finally:
            os.close(self._descriptor)

    def append(self, record: Mapping[str, Any]) -> None:
        """Append a record as a line. It reaches the file within seconds, and the disk with the next `flush`.

        Raises:
            StorageError: the disk is full or fails.
        """
        self._lines.append(json.dumps(record).encode() + b"\n")
        if time.monotonic() - self._written_s > MAX_DELAY_S:
            self._write()

    def flush(self) -> int:
        """Wait until all lines are on the disk, and return the bytes they have.

        Raises:
            StorageError: the disk is full or fails.
        """
        self._write()
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise_storage_error(error, self.path, self._num_bytes)
        return self._num_bytes

    def cut(self, num_bytes: int) -> None:
        """Take back all lines after the first `num_bytes`. Lines that somebody has taken away are not made up.

        Raises:
            StorageError: the disk fails.
        """
        self._lines.clear()
        with open_regular_file(self.path) as file:
            num_whole = file.read(num_bytes).rfind(b"\n") + 1
        if num_whole < num_bytes:  # or later lines stand in their place, of a run that went on without them
            logger.warning("%s lacks lines that it had when the run was saved", self.path)
            num_bytes = num_whole
        try:
            os.ftruncate(self._descriptor, num_bytes)
        except OSError as error:
            raise_storage_error(error, self.path, num_bytes)
        self._num_bytes = os.lseek(self._descriptor, 0, os.SEEK_END)

    def _write(self) -> None:
        rest = memoryview(b"".join(self._lines))
        self._lines.clear()
        self._written_s = time.monotonic()
        try:
            while len(rest):
                num_written = os.write(self._descriptor, rest)
                self._num_bytes += num_written
                rest = rest[num_written:]
        except OSError as error:
            raise_storage_error(error, self.path, len(rest))


def _open_log(path: Path) -> int:
    # Not blocking: a pipe would wait for somebody to read from it.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        raise_storage_error(error, path)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"{path} is no regular file; remove it, and go on with --resume")
    return descriptor
