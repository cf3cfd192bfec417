"""Locks a folder against a second process, and names the one that holds it."""

import contextlib
import json
import os
import shutil
import socket
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from hf_lstm.errors import InputError
from hf_lstm.files.writing import PARTIAL_SUFFIX, make_folder

LOCK_FILE = "lock"
_MAX_FAILURES = 100
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
"""The name of the holder must not replace what a file elsewhere holds."""
_NAME_WAIT_S, _NAME_POLL_S = 2.0, 0.02
"""How long a loser waits for the name of a holder that has just won, and may be slow to write it."""


@contextlib.contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder during a block. The folder is made if need be.

    The kernel keeps the lock on the open file and frees it when the process ends, however it does. So nobody is locked
    out by the dead.

    Raises:
        InputError: another process holds the lock; the message names it.
        OSError: the folder cannot be made, or cannot be written.
    """
    descriptor = _open_locked(folder)
    try:
        holder = {"process": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def remove_locked_folder(folder: Path) -> None:
    """Remove a folder whose lock this process holds.

    It loses its name at once, so that a rival makes a new folder and lock, and none that vanish under its hands. One
    that stays, as on a disk that has become read-only, harms nobody, and must not hide why the work ended.
    """
    doomed = folder.with_name(f"{folder.name}.{uuid.uuid4().hex[:8]}{PARTIAL_SUFFIX}")
    with contextlib.suppress(OSError):
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def _open_locked(folder: Path) -> int:
    """Return a descriptor of the lock's file, locked, which is the file that has its name."""
    path = folder / LOCK_FILE
    num_failures = 0
    while True:
        descriptor = None
        try:
            make_folder(folder)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINKS, 0o666)
            if not _try_lock(descriptor):
                holder = _describe_holder(path)
                raise InputError(f"{folder.parent} is in use by {holder}; wait, or choose another folder")
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                locked, descriptor = descriptor, None
                return locked
        except (FileNotFoundError, FileExistsError):  # the holder ended just now, and the folder with it
            num_failures += 1
            if num_failures > _MAX_FAILURES:
                raise
        finally:
            if descriptor is not None:
                os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(descriptor, 2**20, os.SEEK_SET)  # beyond the text: Windows lets nobody read what is locked
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _describe_holder(path: Path) -> str:
    deadline_s = time.monotonic() + _NAME_WAIT_S
    while True:
        try:
            holder = json.loads(path.read_text(encoding="utf-8"))
            return f"process {holder['process']} on {holder['host']}, since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):  # it has not written its name yet
            if time.monotonic() > deadline_s:
                return "another process"
        time.sleep(_NAME_POLL_S)
