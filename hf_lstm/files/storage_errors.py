"""Tells errors of a disk or a place that takes no file from others, and words them."""

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from hf_lstm.errors import StorageError

_ERRORS_OF_DISK = ("ENOSPC", "EDQUOT", "EFBIG", "EIO")
_ERRORS_OF_PLACE = (
    "EROFS", "EACCES", "EPERM", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ELOOP", "EBUSY", "ETXTBSY", "ESTALE", "ENODEV",
    "ENXIO", "EMFILE", "ENFILE",
)  # fmt: skip
_ERRORS_OF_NAMES = ("ENOENT", "EEXIST")
"""Where a file was to be written, somebody else was there; elsewhere, the program may be wrong."""


def is_of_storage(error: OSError) -> bool:
    """Tell whether an error is that of a disk which is full or fails."""
    return _is_any(error, _ERRORS_OF_DISK)


def is_of_place(error: OSError) -> bool:
    """Tell whether an error is that of a name or folder which takes no file, or not from this process."""
    return _is_any(error, _ERRORS_OF_PLACE)


def _is_any(error: OSError, names: Iterable[str]) -> bool:
    return error.errno is not None and error.errno in {getattr(errno, name, None) for name in names}


def raise_storage_error(
    error: OSError, path: Path, num_bytes: int | None = None, *, num_written: int | None = None
) -> NoReturn:
    """Raise a `StorageError` if an error says that a file cannot be written, else the error itself.

    That is so if the disk is full or fails, or if its place takes no file; an error of a file elsewhere says nothing of
    this one. `num_bytes` are needed; where nobody knows how many, `num_written` tells how far it got.
    """
    is_told = is_of_place(error) or _is_any(error, _ERRORS_OF_NAMES)
    is_ours = not isinstance(error.filename, str | Path) or Path(error.filename).is_relative_to(path.parent)
    if not (is_of_storage(error) or (is_told and is_ours)):
        raise error
    if not is_of_storage(error):
        told = "see what is there and who may write there, or write it elsewhere"
        named = Path(error.filename) if isinstance(error.filename, str | Path) else path
        gone = [each for each in named.parents if not each.exists()]
        if isinstance(error, FileNotFoundError) and gone:
            remedy = "put it back, or start anew, and leave it alone until the end"
            told = f"{gone[-1]} is gone, deleted or moved meanwhile; {remedy}"
    elif num_bytes is not None:
        told = f"{num_bytes:,} bytes are needed"
    else:
        told = f"it had come to {num_written or 0:,} bytes, and needs more; make room, or write it elsewhere"
    raise StorageError(f"{path} cannot be written: {error.strerror}; {told}") from None
