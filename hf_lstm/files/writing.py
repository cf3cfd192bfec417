"""Writes files whole or not at all."""

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hf_lstm.files.storage_errors import raise_storage_error

PARTIAL_SUFFIX = ".partial"
"""Of files and folders that are being written. Those of a process that died are of no use."""

_MAX_NAME_BYTES = 200
"""Of a file's name that is kept in that of its partial file: file systems take 255 in all, most of them."""


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object to a file, as indented JSON."""
    write_file(path, encode_json(value))


def encode_json(value: Mapping[str, Any]) -> bytes:
    """Return an object as indented JSON, in UTF-8.

    Bytes of a file's name that are not UTF-8 come back when it is read: Python has them as halves of surrogate pairs.
    """
    return encode_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def encode_text(text: str) -> bytes:
    r"""Return a text in UTF-8; a half of a surrogate pair, as a file's name may have, becomes `\udce9`."""
    return text.encode(errors="backslashreplace")


def write_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Whatever happens, loss of power included, it has its old content or all of the new one.

    Raises:
        StorageError: the file cannot be written: see `raise_storage_error`.
    """
    partial = name_partial(path)
    try:
        partial.unlink(missing_ok=True)  # of a dead process whose numbers are ours now
        _write_chunks(partial, [content])
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise_storage_error(error, path, len(content))
    finally:
        with contextlib.suppress(OSError):  # what kept it from being written is told
            partial.unlink(missing_ok=True)


def name_partial(path: Path) -> Path:
    """Name the file beside `path` that this thread of this process writes first."""
    return path.with_name(f"{name_partial_stem(path)}{os.getpid()}-{threading.get_native_id()}{PARTIAL_SUFFIX}")


def name_partial_stem(path: Path) -> str:
    """Return what the names begin with of the files that processes write first; of long names, a digest."""
    name = os.fsencode(path.name)
    is_long = len(name) > _MAX_NAME_BYTES
    return f".{hashlib.sha256(name).hexdigest()[:32] if is_long else path.name}."


def write_new_file(path: Path, chunks: Iterable[bytes | memoryview], num_bytes: int) -> str:
    """Write chunks of bytes to a file that does not exist, and return their SHA-256.

    The content is on the disk when this returns; the file's name is when `sync_folder` has returned, too.

    Args:
        path: the file.
        chunks: what it will hold.
        num_bytes: how many bytes that is, for the message if they do not fit.

    Raises:
        StorageError: the disk is full or fails.
    """
    try:
        return _write_chunks(path, chunks)
    except OSError as error:
        raise_storage_error(error, path, num_bytes)


def make_folder(folder: Path) -> None:
    """Make a folder, and its parents, and wait until their names are on the disk.

    One that exists is fine.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if os.name == "nt":  # folders can't be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_temporary_folder(prefix: str) -> Path:
    """Make a folder that is deleted when the process ends, and return it.

    Only its user can read it.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _write_chunks(path: Path, chunks: Iterable[bytes | memoryview]) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for chunk in chunks:
            digest.update(chunk)
            rest = memoryview(chunk)
            while len(rest):
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return digest.hexdigest()
