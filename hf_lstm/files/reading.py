"""Reads files without trust: what somebody else made may be anything."""

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from hf_lstm.errors import InputError, shorten

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
