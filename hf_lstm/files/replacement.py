"""Replaces the files of a folder as one: a process that dies leaves the old ones or the new ones."""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hf_lstm.errors import InputError, shorten
from hf_lstm.files.locks import try_lock
from hf_lstm.files.reading import read_json
from hf_lstm.files.storage_errors import raise_storage_error
from hf_lstm.files.writing import PARTIAL_SUFFIX, sync_folder, write_json

JOURNAL_FOLDER = ".replacing"
"""Holds the new files on their way. Once they have this name they count, and whoever comes next moves the rest."""
_JOURNAL = "journal.json"
_PREFIX = ".new-"


@contextlib.contextmanager
def replace_files(folder: Path, list_stale: Callable[[], Iterable[str]] = tuple) -> Iterator[Path]:
    """Give a folder to fill, and put its files into `folder`, all or none, when the block ends well.

    Other files of `folder` stay. If the block fails, nothing changes.

    Args:
        folder: exists.
        list_stale: lists files that go unless they are among the new ones, as paths within `folder`.

    Raises:
        StorageError: the disk is full or fails.
    """
    finish_replacement(folder)
    remove_strays(folder)
    try:
        staging, descriptor = _make_locked(folder)
    except OSError as error:
        raise_storage_error(error, folder / JOURNAL_FOLDER)
    try:
        yield staging
        _seal(staging, list_stale())
        while True:
            try:
                staging.rename(folder / JOURNAL_FOLDER)
                break
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
                finish_replacement(folder)  # of somebody else, who still does it, or died
        sync_folder(folder)
        _move_files(folder)
    except OSError as error:
        raise_storage_error(error, folder, sum(path.stat().st_size for path in staging.rglob("*")))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        os.close(descriptor)


def finish_replacement(folder: Path) -> None:
    """Finish what a process began that died while it replaced the files of a folder.

    One that lives is waited for. Without such a process, nothing is done. Somebody else may have made the folder, and
    the journal in it: it may move and remove files of the folder alone.

    Raises:
        InputError: it cannot be finished, as the folder cannot be written, or the journal is none of ours.
    """
    journal = folder / JOURNAL_FOLDER
    if not journal.is_dir():
        return
    if journal.is_symlink():
        raise _refuse_journal(journal, "it is a link")
    try:
        descriptor = os.open(journal, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        try_lock(descriptor, is_waiting=True)
        if journal.is_dir() and os.path.samestat(os.fstat(descriptor), journal.stat()):
            _check_journal(folder)
            _move_files(folder)
    except OSError as error:
        raise InputError(
            f"{folder}: a process died while it replaced these files, and the rest cannot be done: "
            f"{error.strerror or error}; "
            "load the model once as somebody who may write there"
        ) from None
    finally:
        os.close(descriptor)


def remove_strays(folder: Path) -> None:
    """Remove what dead processes left that never got to replace anything."""
    for stray in folder.glob(f"{_PREFIX}*{PARTIAL_SUFFIX}"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is no folder, and so not ours
            descriptor = os.open(stray, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0))
            try:
                if try_lock(descriptor):
                    shutil.rmtree(stray)
            finally:
                os.close(descriptor)


def _make_locked(folder: Path) -> tuple[Path, int]:
    """Make a folder within `folder`, locked as long as this process lives, and return it with its descriptor."""
    while True:
        staging = folder / f"{_PREFIX}{uuid.uuid4().hex[:12]}{PARTIAL_SUFFIX}"
        staging.mkdir()
        with contextlib.suppress(FileNotFoundError):  # somebody took it for a stray before it was locked
            descriptor = os.open(staging, os.O_RDONLY)
            if try_lock(descriptor) is not False and staging.exists():
                return staging, descriptor
            os.close(descriptor)


def _seal(staging: Path, stale: Iterable[str]) -> None:
    """Write down which files go, and wait until all is on the disk."""
    new = {path.relative_to(staging).as_posix() for path in staging.rglob("*") if not path.is_dir()}
    write_json(staging / _JOURNAL, {"stale": sorted(set(stale) - new)})
    for path in staging.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)  # plots are written by a library that flushes nothing
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _check_journal(folder: Path) -> None:
    """Check that a journal moves and removes files of its folder alone.

    Raises:
        InputError: it does not, or is damaged.
    """
    journal = folder / JOURNAL_FOLDER
    stale = read_json(journal / _JOURNAL).get("stale") if (journal / _JOURNAL).is_file() else []
    if not isinstance(stale, list) or not all(isinstance(name, str) and "\0" not in name for name in stale):
        raise _refuse_journal(journal, f"{_JOURNAL} lists no files as stale")
    root = folder.resolve()
    for path in [folder / name for name in stale] + [folder / each.relative_to(journal) for each in journal.rglob("*")]:
        # Where a folder on the way is a link, files elsewhere would go, or be replaced.
        if path.name == ".." or not path.parent.resolve().is_relative_to(root):
            raise _refuse_journal(journal, f"it is about {shorten(str(path))}, which lies elsewhere")


def _refuse_journal(journal: Path, reason: str) -> InputError:
    return InputError(
        f"{journal} is not as hf_lstm writes it: {reason}; remove it, and see where the folder comes from"
    )


def _move_files(folder: Path) -> None:
    """Move all files from the journal's folder. It may be called again wherever it stopped."""
    journal = folder / JOURNAL_FOLDER
    if (journal / _JOURNAL).is_file():
        for name in read_json(journal / _JOURNAL)["stale"]:
            (folder / name).unlink(missing_ok=True)
        folders = [path for path in sorted(journal.rglob("*")) if path.is_dir()]
        for path in folders:
            (folder / path.relative_to(journal)).mkdir(exist_ok=True)
        for path in sorted(journal.rglob("*")):
            if not path.is_dir() and path != journal / _JOURNAL:
                path.replace(folder / path.relative_to(journal))
        for path in (folder, *(folder / path.relative_to(journal) for path in folders)):
            sync_folder(path)
        (journal / _JOURNAL).unlink()
    shutil.rmtree(journal)
