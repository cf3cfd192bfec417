"""Opens files that may be compressed, and refuses those that swell beyond reason."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from hf_lstm.errors import InputError

MAX_RATIO = 200
"""Texts shrink to a fifth or so, tables that repeat themselves to a hundredth. Bombs shrink to a thousandth."""
FREE_BYTES = 64 * 2**20
"""So much may always come out of a file: that is no bomb, whatever its ratio."""


def _open_zstd(path: Path) -> BinaryIO:
    import pyarrow as pa  # no other type needs it

    return cast(BinaryIO, pa.input_stream(str(path), compression="zstd"))


_OPENERS: Mapping[str, Callable[[Path], BinaryIO]] = {
    ".gz": lambda path: cast(BinaryIO, gzip.GzipFile(path)),
    ".bz2": lambda path: cast(BinaryIO, bz2.BZ2File(path)),
    ".xz": lambda path: cast(BinaryIO, lzma.LZMAFile(path)),  # noqa: SIM115 - the caller closes it
    ".zst": _open_zstd,
}
COMPRESSED_SUFFIXES = tuple(_OPENERS)


def split_suffixes(path: Path) -> tuple[str, str]:
    """Return the suffix of the file's format, and that of its compression, if any; both in lower case.

    `reviews.csv.gz` gives `.csv` and `.gz`.
    """
    last = path.suffix.lower()
    return (path.with_suffix("").suffix.lower(), last) if last in _OPENERS else (last, "")


def open_bytes(path: Path) -> BinaryIO:
    """Open a file to read its bytes, decompressed if its suffix says so.

    Raises:
        InputError: at once or while it is read: the file can't be read, is no such archive or damaged, or its contents
            are more than `MAX_RATIO` times as large as it is.
    """
    suffix = split_suffixes(path)[1]
    try:
        if not suffix:
            return path.open("rb")
        return cast(BinaryIO, io.BufferedReader(_Decompressed(path, _OPENERS[suffix](path)), 2**16))
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror or error})") from None


class _Decompressed(io.RawIOBase):
    """Reads the contents of a compressed file, and counts them."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path = path
        self._stream = stream
        self._limit = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)
        self._count = 0

    def readable(self) -> bool:
        """Return true: that is all it can."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what comes next; return the number of bytes."""
        try:
            block = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{self._path}: can't be decompressed ({reason}); get the file anew") from None
        self._count += len(block)
        if self._count > self._limit:
            raise InputError(
                f"{self._path}: holds more than {MAX_RATIO} times its size, like a decompression bomb; "
                "if you trust it, decompress it first"
            )
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()
