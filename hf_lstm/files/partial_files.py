"""Writes files bit by bit, whole or not at all.

What a process left of a file that was killed is deleted by the next one that writes it.
"""

import contextlib
import glob
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from hf_lstm.files.locks import try_lock
from hf_lstm.files.storage_errors import raise_storage_error
from hf_lstm.files.writing import PARTIAL_SUFFIX, name_partial, name_partial_stem, sync_folder


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write an object on each line of a file, whole or not at all."""
    with open_partial(path) as stream:
        stream.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def open_partial(path: Path) -> contextlib.AbstractContextManager[TextIO]:
    """Open a temporary file that replaces `path` when the block ends; of a link, the file that it leads to.

    It takes text in UTF-8. If the block fails, it is deleted, and `path` stays as it is. What a process left of `path`
    that was killed is deleted, too.

    Raises:
        StorageError: the disk is full or fails.
    """
    return _open_partial(path, "w", encoding="utf-8", newline="")


def open_partial_binary(path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    """Open a temporary file that takes bytes, as `open_partial` does one of text."""
    return _open_partial(path, "wb")


@contextlib.contextmanager
def _open_partial(path: Path, mode: str, **options: str) -> Iterator[Any]:
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    for stray in path.parent.glob(f"{glob.escape(name_partial_stem(path))}[0-9]*{PARTIAL_SUFFIX}"):
        with contextlib.suppress(OSError), open(stray, "rb+") as left:
            if try_lock(left.fileno()):  # not while the process lives that writes it
                stray.unlink()
    partial = name_partial(path)
    try:
        with _open_locked(partial, mode, **options) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise_storage_error(error, path, num_written=partial.stat().st_size if partial.exists() else 0)
    finally:
        with contextlib.suppress(OSError):  # what kept it from being written is told
            partial.unlink(missing_ok=True)


def _open_locked(path: Path, mode: str, **options: str) -> Any:
    while True:
        stream = open(path, mode, **options)  # type: ignore[call-overload]  # noqa: SIM115  # it can't tell which options
        if try_lock(stream.fileno()) is not False and path.exists():
            return stream
        stream.close()  # somebody took it for a stray before it was locked
