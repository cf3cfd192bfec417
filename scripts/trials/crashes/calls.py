"""Counts what a process does to its files, and kills it or fails it at one of these calls."""

import contextlib
import errno
import functools
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CALLS = ("open", "write", "fsync", "rename", "replace", "unlink", "mkdir", "rmdir", "ftruncate")
MODES = ("kill before", "kill after", "lose unsynced", "ENOSPC", "EIO")
"""What happens at the chosen call. `lose unsynced` kills after it, and undoes what was not flushed to the disk."""


@dataclass
class Calls:
    """Counts the calls that change files below a folder, and strikes at one of them."""

    root: Path
    strike_at: int | None = None
    """Number of the call, counted from 0; None to count alone."""
    mode: str = "kill before"
    names: list[str] = field(default_factory=list)
    """Of the calls so far."""
    _undo: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    """By the folder's inode, how to undo a change of names that is not flushed yet."""
    _flushed: dict[int, int] = field(default_factory=dict)
    """By the file's inode, the bytes that are flushed."""

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        self._top = self.root

    @contextlib.contextmanager
    def watching(self) -> Iterator["Calls"]:
        """Watch the calls of a block."""
        originals = {name: getattr(os, name) for name in _CALLS}
        try:
            for name, original in originals.items():
                setattr(os, name, functools.partial(self._call, name, original))
            yield self
        finally:
            for name, original in originals.items():
                setattr(os, name, original)

    def _call(self, name: str, original: Any, *arguments: Any, **options: Any) -> Any:
        changes = name != "open" or bool(arguments[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR | os.O_TRUNC))
        path = _find_path(arguments[0], options.get("dir_fd"))
        if not changes or self.root not in (path, *path.parents):
            return original(*arguments, **options)
        number = len(self.names)
        self.names.append(name)
        if number != self.strike_at:
            return self._do(name, original, path, arguments, options)
        if self.mode == "kill before":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode in ("ENOSPC", "EIO"):
            code = getattr(errno, self.mode)
            raise OSError(code, os.strerror(code), str(path))
        with contextlib.suppress(OSError):  # such as a folder that is there already
            self._do(name, original, path, arguments, options)
        if self.mode == "lose unsynced":
            self.lose_unsynced()
        return os.kill(os.getpid(), signal.SIGKILL)

    def _do(self, name: str, original: Any, path: Path, arguments: Any, options: Any) -> Any:
        """Do the call, and note how to undo it."""
        existed = path.exists()
        keep = path.read_bytes() if name == "unlink" and path.is_file() else b""
        result = original(*arguments, **options)
        if name == "fsync":
            inode = os.fstat(arguments[0]).st_ino
            self._undo = [entry for entry in self._undo if entry[0] != inode]
            self._flushed[inode] = os.fstat(arguments[0]).st_size
        elif name == "write":
            inode = os.fstat(arguments[0]).st_ino
            self._flushed.setdefault(inode, 0)
        elif name in ("rename", "replace"):
            target = Path(arguments[1])
            self._note(target.parent, lambda: _rename(target, path))
        elif name == "mkdir":
            self._note(path.parent, path.rmdir)
        elif name == "unlink":
            self._note(path.parent, lambda: _restore(path, keep))
        elif name == "rmdir":
            self._note(path.parent, path.mkdir)
        elif name == "open" and not existed:
            self._note(path.parent, path.unlink)
        return result

    def _note(self, folder: Path, undo: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            self._undo.append((folder.stat().st_ino, undo))

    def lose_unsynced(self) -> None:
        """Leave on the disk what a loss of power leaves at worst: nothing that was not flushed."""
        undo, self._undo, self.root = self._undo, [], Path("/nowhere")
        for path in [path for path in self._top.rglob("*") if path.is_file()]:
            flushed = self._flushed.get(path.stat().st_ino)
            if flushed is not None and flushed < path.stat().st_size:
                os.truncate(path, flushed)
        for _, change in reversed(undo):
            with contextlib.suppress(OSError):
                change()


def _find_path(file: Any, dir_fd: int | None) -> Path:
    if isinstance(file, int):
        return Path(os.readlink(f"/proc/self/fd/{file}"))
    path = Path(os.fsdecode(file))
    return Path(os.readlink(f"/proc/self/fd/{dir_fd}")) / path if dir_fd is not None else path.absolute()


def _rename(source: Path, target: Path) -> None:
    source.rename(target)


def _restore(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def run_forked(action: Callable[[], Any]) -> int:
    """Run an action in a process of its own, and return how it ended: 0, 1 for an exception, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(start_forked(action), 0)[1])


def start_forked(action: Callable[[], Any]) -> int:
    """Start an action in a process of its own, and return the process's id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    return child
