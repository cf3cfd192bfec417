"""Reads files without trust, and writes them whole or not at all."""

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hf_lstm.errors import InputError, shorten
from hf_lstm.storage_errors import raise_storage_error

PARTIAL_SUFFIX = ".partial"
"""Of files and folders that are being written. Those of a process that died are of no use."""

_MAX_NAME_BYTES = 200
"""Of a file's name that is kept in that of its partial file: file systems take 255 in all, most of them."""
MAX_JSON_BYTES = MAX_TEXT_BYTES = 8 * 2**20
"""Of a file that is read whole; those of runs have some kilobytes."""


def read_json(path: Path, *, max_bytes: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        InputError: the file is too large or no regular file, is not JSON in UTF-8, names something twice, or holds
            something else than an object.
    """
    try:
        value = json.loads(read_bytes(path, max_bytes).decode("utf-8"), object_pairs_hook=build_object)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {shorten(error)}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} must hold a JSON object, not {type(value).__name__}")
    return value


def read_json_if_there(path: Path) -> dict[str, Any] | None:
    """Read a JSON object from a file as `read_json`; None if there is no such file."""
    return read_json(path) if path.is_file() else None


def build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object; of two values of one name, none is more right than the other.

    Raises:
        ValueError: a name stands twice.
    """
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{shorten(twice, 40)!r} stands twice in an object")
    return built


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Read a file that somebody else may have made.

    Raises:
        InputError: it is larger than `max_bytes`, or no regular file.
    """
    with open_regular_file(path) as file:
        num_bytes = os.fstat(file.fileno()).st_size
        if num_bytes > max_bytes:
            raise InputError(f"{path} has {num_bytes:,} bytes, but such a file has at most {max_bytes:,}")
        try:
            return file.read(num_bytes)  # and no more: files of the kernel have no size, and may have no end
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None


def read_lines(path: Path) -> list[str]:
    """Read the lines of a small file, split at line feeds alone: JSON Lines may hold other characters that break lines.

    Raises:
        InputError: as `read_bytes`.
    """
    return read_bytes(path, MAX_TEXT_BYTES).decode("utf-8", errors="replace").removesuffix("\n").split("\n")


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        InputError: as `open_regular_file`.
    """
    digest = hashlib.sha256()
    with open_regular_file(path) as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


def require_files(folder: Path, names: Iterable[str], advice: str, *, what: str | None = None) -> None:
    """Check that a folder has files.

    Args:
        folder: where they should be.
        names: of the files.
        advice: what to do without one, for the message.
        what: to call the folder; its path by default.

    Raises:
        InputError: one is missing.
    """
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise InputError(f"{what or folder} has no {' and no '.join(missing)}; {advice}")


def open_regular_file(path: Path) -> BinaryIO:
    """Open a file to read its bytes.

    Raises:
        InputError: it is a folder, a pipe or a device, or may not be read.
    """
    try:
        # Not blocking: a pipe would wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return os.fdopen(descriptor, "rb")
        os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    raise InputError(f"{path} is no regular file; expected one")


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
        partial.unlink(missing_ok=True)  # of a dead process whose number is ours now
        _write_chunks(partial, [content])
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise_storage_error(error, path, len(content))
    finally:
        with contextlib.suppress(OSError):  # what kept it from being written is told
            partial.unlink(missing_ok=True)


def name_partial(path: Path) -> Path:
    """Name the file beside `path` that this process writes first."""
    return path.with_name(f"{name_partial_stem(path)}{os.getpid()}{PARTIAL_SUFFIX}")


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


def refuse_outside_link(folder: Path, path: Path) -> None:
    """Refuse a file of a model folder that is a link to somewhere else: whatever lies there would be published.

    In the Hub client's cache, files are links to those in its folder `blobs`.

    Raises:
        InputError: it is such a link.
    """
    root, real = folder.resolve(), path.resolve()
    blobs = root.parent.parent / "blobs"
    if not real.is_relative_to(root) and not (root.parent.name == "snapshots" and real.is_relative_to(blobs)):
        raise InputError(f"{path} is a link to {real}, outside of the model's folder; put the file itself there")


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
