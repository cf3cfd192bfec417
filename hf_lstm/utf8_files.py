"""Opens text files that must be UTF-8, and names the encoding that they have instead."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from hf_lstm.errors import InputError


@contextlib.contextmanager
def open_utf8(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file, with or without a byte order mark; line breaks stay as they are.

    Raises:
        InputError: here or while it is read: the file is UTF-16, has a NUL, or a line of it is not UTF-8.
    """
    with path.open("rb") as binary:
        head = binary.read(4096)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _alternates_with_nul(head):
        raise _build_encoding_error(path, "the file", "UTF-16")
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        raise InputError(f"{path}: contains a NUL in line {line}, which is no text; remove it")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError as error:
        with path.open("rb") as binary:
            line = next(number for number, line in enumerate(binary, start=1) if not _is_utf8(line))
        raise _build_encoding_error(path, f"line {line}", "WINDOWS-1252") from error


def _alternates_with_nul(head: bytes) -> bool:
    """Return whether every other byte is mostly NUL, as in UTF-16 of most languages' blanks and letters."""
    return any(head[start::2].count(0) > len(head) / 4 for start in (0, 1))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _build_encoding_error(path: Path, where: str, encoding: str) -> InputError:
    return InputError(
        f"{path}: {where} is not UTF-8 but looks like {encoding}; convert it: "
        f"iconv -f {encoding} -t UTF-8 '{path}' > '{path.stem}-utf8{path.suffix}'"
    )
