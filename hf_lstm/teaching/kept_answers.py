"""Keeps what teachers say, so that nobody need ask them again: a run that goes on, or other trials of a search."""

import hashlib
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hf_lstm.files.names import ANSWERS_SUFFIX
from hf_lstm.files.storage_errors import raise_storage_error
from hf_lstm.files.writing import sync_folder, write_file

KEEP_AFTER_S = 30.0
"""How much work may be lost. Work that is shorter leaves nothing on the disk."""
_NUM_DIGITS = 32  # of a digest in a name

Rows = NDArray[np.float32]


class KeptAnswers:
    """Keeps parts of arrays of answers in a folder, each in a file.

    A file's name has what the part is of, where it starts, and the digest of its content: one that is cut off, that the
    disk has damaged, or that can't be read is not taken for a part.

    Args:
        folder: it is made with the first file, in one that exists; None keeps nothing, see `keeps`.
        after_s: seconds of work after which parts are written; until then they are in memory.
    """

    def __init__(self, folder: Path | None = None, *, after_s: float = KEEP_AFTER_S) -> None:
        self.folder = folder
        self._after_s = after_s
        self._pending: dict[str, Rows] = {}
        self._kept_at_s = time.monotonic()

    @classmethod
    def of_another(cls, folder: Path) -> "KeptAnswers":
        """Read what another process keeps, which alone writes there."""
        return cls(folder, after_s=math.inf)

    @property
    def keeps(self) -> bool:
        """Tell whether anything is kept, so that keys are needed."""
        return self.folder is not None

    def compute(
        self, key: str, shape: tuple[int, int], rows_per_part: int, compute: Callable[[int, int], Rows]
    ) -> tuple[Rows, int]:
        """Compute an array part by part, but for the parts that are there.

        Args:
            key: a digest of all that the array depends on; any text if nothing is kept.
            shape: of the array.
            rows_per_part: the last part may have fewer.
            compute: returns the rows from a start to an end, float32 (end - start, columns).

        Returns:
            The array, float32, and how many of its rows were there.

        Raises:
            StorageError: the disk is full or fails.
        """
        whole = np.empty(shape, dtype=np.float32)
        num_found = 0
        for start in range(0, shape[0], rows_per_part):
            part = whole[start : start + rows_per_part]
            stem = f"{key[:_NUM_DIGITS]}-{start:010d}-"
            found = self._find(stem, part.shape)
            if found is not None:
                part[:] = found
                num_found += len(part)
                continue
            part[:] = compute(start, start + len(part))
            if not self.keeps:  # nor are keys digests then, and names may begin alike
                continue
            self._pending[stem] = part
            if time.monotonic() - self._kept_at_s >= self._after_s:
                self._keep()
        return whole, num_found

    def _find(self, stem: str, shape: tuple[int, ...]) -> Rows | None:
        if (pending := self._pending.get(stem)) is not None and pending.shape == shape:
            return pending
        for path in () if self.folder is None else self.folder.glob(f"{stem}*{ANSWERS_SUFFIX}"):
            try:
                content = path.read_bytes()
            except OSError:  # of a disk that fails, or of another process that has just written it anew
                continue
            if path.name == _name(stem, content) and len(content) == 4 * math.prod(shape):
                return np.frombuffer(content, dtype="<f4").reshape(shape)
        return None

    def _keep(self) -> None:
        if self.folder is not None:
            try:
                if not self.folder.is_dir():  # without its parents: a run's folder that was removed is locked no more
                    self.folder.mkdir()
                    sync_folder(self.folder.parent)
            except OSError as error:
                raise_storage_error(error, self.folder)
            for stem, part in self._pending.items():
                content = part.astype("<f4").tobytes()
                write_file(self.folder / _name(stem, content), content)
        self._pending.clear()
        self._kept_at_s = time.monotonic()


def _name(stem: str, content: bytes) -> str:
    return f"{stem}{hashlib.sha256(content).hexdigest()[:_NUM_DIGITS]}{ANSWERS_SUFFIX}"
