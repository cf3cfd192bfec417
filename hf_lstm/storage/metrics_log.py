"""Logs the figures of training as JSON lines, and takes back those after a checkpoint."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from hf_lstm.files import raise_storage_error


class MetricsLog:
    """Appends records to a file of JSON lines.

    A checkpoint saves the log's `flush()`. A resumed run calls `cut()` with it, so that no line is there twice.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, which is made if need be."""
        self.path = path
        self._file = open(path, "ab")  # noqa: SIM115  # closed by the block that it is used in

    def __enter__(self) -> "MetricsLog":
        """Return the log."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the last lines, and close the file."""
        self._file.close()

    def append(self, record: Mapping[str, Any]) -> None:
        """Append a record as a line. It reaches the file with the next `flush`, or earlier.

        Raises:
            StorageError: the disk is full or fails.
        """
        line = json.dumps(record).encode() + b"\n"
        try:
            self._file.write(line)
        except OSError as error:
            raise_storage_error(error, self.path, len(line))

    def flush(self) -> int:
        """Wait until all lines are on the disk, and return the bytes they have.

        Raises:
            StorageError: the disk is full or fails.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise_storage_error(error, self.path, self._file.tell())
        return self._file.tell()

    def cut(self, num_bytes: int) -> None:
        """Take back all lines after the first `num_bytes`."""
        self._file.flush()
        self._file.truncate(num_bytes)
        self._file.seek(0, os.SEEK_END)
