"""Names the files of a model folder, and reads and writes files.

A file is written whole or not at all.
"""

import atexit
import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

from hf_lstm.errors import InputError, StorageError

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"
RECIPE_FILE = "recipe.json"
RESULTS_FILE = "results.json"
METRICS_FILE = "metrics.jsonl"
"""The figures of each step and epoch of training."""
PLACES_FILE = "local.json"
"""Where on this machine lies what a run read. It is for `evaluate`, and never published."""
REPORT_FOLDER = "report"
"""Plots and tables."""
PLOT_FILES = ("confusion_matrix.png", "reliability.png", "accuracy_by_length.png", "learning_curves.png")
EXAMPLE_FILES = ("mistakes.md", "errors.jsonl")
"""The files of a report that hold texts of the data."""
REPORT_FILES = ("report.md", "metrics.json", *EXAMPLE_FILES, *PLOT_FILES)
"""All files of a report. Others in its folder are not published."""
REQUIRED_FILES = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)
UNFINISHED_FOLDER = ".unfinished"
"""Holds what a run needs to be resumed, in its output folder, until it is finished."""
CHECKPOINT_PREFIX = "checkpoint-"
PARTIAL_SUFFIX = ".partial"
"""Of files and folders that are being written. Those of a process that died are of no use."""

_STORAGE_ERRORS = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO") if hasattr(errno, name)
)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        InputError: the file is not JSON in UTF-8, or holds something else than an object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} must hold a JSON object, not {type(value).__name__}")
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object to a file, as indented JSON."""
    write_file(path, encode_json(value))


def encode_json(value: Mapping[str, Any]) -> bytes:
    """Return an object as indented JSON, in UTF-8."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def write_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Whatever happens, loss of power included, it has its old content or all of the new one.

    Raises:
        StorageError: the disk is full or fails.
    """
    partial = _name_partial(path)
    try:
        partial.unlink(missing_ok=True)  # of a dead process whose number is ours now
        _write_chunks(partial, [content])
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise_storage_error(error, path, len(content))
    finally:
        partial.unlink(missing_ok=True)


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


def raise_storage_error(error: OSError, path: Path, num_bytes: int) -> NoReturn:
    """Raise a `StorageError` if the disk is full or fails, else the error itself."""
    if error.errno not in _STORAGE_ERRORS:
        raise error
    raise StorageError(f"{path} cannot be written: {error.strerror}; {num_bytes:,} bytes are needed") from None


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write an object on each line of a file, whole or not at all."""
    with open_partial(path) as stream:
        stream.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def make_temporary_folder(prefix: str) -> Path:
    """Make a folder that is deleted when the process ends, and return it.

    Only its user can read it.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def list_report_files(model_folder: Path) -> list[Path]:
    """List the files of the report in a model folder, sorted by name.

    What no report has is left out.
    """
    found = (model_folder / REPORT_FOLDER / name for name in sorted(REPORT_FILES))
    return [path for path in found if path.is_file()]


def open_partial(path: Path) -> contextlib.AbstractContextManager[TextIO]:
    """Open a temporary file that replaces `path` when the block ends.

    It takes text in UTF-8. If the block fails, it is deleted, and `path` stays as it is.

    Raises:
        StorageError: the disk is full or fails.
    """
    return _open_partial(path, "w", encoding="utf-8", newline="")


def open_partial_binary(path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    """Open a temporary file that takes bytes, as `open_partial` does one of text."""
    return _open_partial(path, "wb")


@contextlib.contextmanager
def _open_partial(path: Path, mode: str, **options: str) -> Iterator[Any]:
    partial = _name_partial(path)
    try:
        with open(partial, mode, **options) as stream:  # type: ignore[call-overload]  # it can't tell which options
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise_storage_error(error, path, partial.stat().st_size if partial.exists() else 0)
    finally:
        partial.unlink(missing_ok=True)


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


def _name_partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{PARTIAL_SUFFIX}")
