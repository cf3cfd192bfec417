"""Decodes text files, and says where one is not in the encoding that it should be in.

No encoding is guessed. Detectors were tried: of short texts they name koi8-r for cp1251, and a Korean encoding for a
Chinese one, and whoever believes them destroys the texts. Only UTF-16 and UTF-32 show in the bytes.
"""

import codecs
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from hf_lstm.errors import InputError, shorten
from hf_lstm.formats.compression import open_bytes
from hf_lstm.formats.signatures import describe_signature

_HEAD_BYTES = 4096
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",  # before UTF-16: its marks begin alike
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
HOW_TO_NAME = (
    "if you know its encoding, name it with --encoding (encoding= in Python), such as cp1252 (Western Europe), cp1251 "
    "(Cyrillic), gb18030 (Chinese) or shift_jis (Japanese); else export it as UTF-8"
)


def check_encoding(encoding: str | None) -> None:
    """Check that Python knows an encoding of texts by this name; None is fine.

    Raises:
        InputError: there is none.
    """
    if encoding is None:
        return
    try:
        is_known = codecs.lookup(encoding)._is_text_encoding
    except (LookupError, ValueError):
        is_known = False
    if not is_known:
        raise InputError(
            f"--encoding {shorten(encoding, 40)!r} (encoding= in Python): there is no such encoding; expected one that "
            "Python knows, such as utf-8, cp1252 or gb18030"
        )


@contextlib.contextmanager
def open_text(
    path: Path, encoding: str | None = None, *, errors: str = "strict", may_be_page: bool = False
) -> Iterator[TextIO]:
    """Open a text file, compressed or not, with or without a byte order mark.

    Line breaks stay as they are.

    Args:
        path: the file.
        encoding: its encoding; UTF-8 by default.
        errors: what Python does with bytes that it can't decode.
        may_be_page: whether it may be HTML, as a text may and a table may not.

    Raises:
        InputError: at once, or while it is read: the file has another encoding, a NUL, or can't be decompressed.
    """
    check_encoding(encoding)
    with open_bytes(path) as binary:
        head = _peek(binary)
        if encoding is None or (b"\0" in head and not _is_wide(encoding)):
            check_head(head, str(path), encoding, may_be_page=may_be_page)
        stream = io.TextIOWrapper(binary, encoding=_name_codec(encoding), errors=errors, newline="")
        try:
            yield stream
        except UnicodeEncodeError:  # of somebody who writes what was read
            raise
        except UnicodeError:  # more than UnicodeDecodeError: UTF-16 without its mark is none
            raise InputError(_find_bad_line(path, encoding)) from None


def check_head(head: bytes, name: str, encoding: str | None = None, *, may_be_page: bool = False) -> None:
    """Check that the first bytes of a file can be UTF-8, or of another encoding that writes no NUL.

    Only where it `may_be_page` can it be HTML.

    Raises:
        InputError: they are those of a file of another kind, or UTF-16 or UTF-32, which the bytes tell, or hold a NUL.
    """
    if (told := describe_signature(head, may_be_page=may_be_page)) is not None:
        raise InputError(f"{name}: {told}")
    found = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)
    found = found or _find_wide_encoding(head)
    expected = (encoding or "utf-8").upper()
    if found is not None:
        raise InputError(
            f"{name}: is not {expected} but {found.upper()}; pass --encoding {found} (encoding= in Python)"
        )
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        raise InputError(
            f"{name}: contains a NUL in line {line}, which is no text; remove it, or, if the file is UTF-16, pass "
            "--encoding utf-16-le or utf-16-be (encoding= in Python)"
        )


def describe_byte(byte: int, encoding: str | None, position: int | None = None) -> str:
    """Say that a byte can't be decoded, and what to do; `position` is counted from 0."""
    place = "" if position is None else f" at position {position + 1}"
    return f"not {(encoding or 'utf-8').upper()} (byte {byte:#04x}{place}); {HOW_TO_NAME}"


def _name_codec(encoding: str | None) -> str:
    is_utf8 = encoding is None or codecs.lookup(encoding).name == "utf-8"
    return "utf-8-sig" if encoding is None or is_utf8 else encoding


def _peek(binary: object) -> bytes:
    assert isinstance(binary, io.BufferedReader)
    return binary.peek(_HEAD_BYTES)[:_HEAD_BYTES]


def _find_bad_line(path: Path, encoding: str | None) -> str:
    """Say which line of a file can't be decoded."""
    codec = _name_codec(encoding)
    decoder = codecs.getincrementaldecoder(codec)()
    with open_bytes(path) as binary:
        for number, line in enumerate(binary, start=1):
            try:
                decoder.decode(line, final=codec == "utf-8-sig")  # there, no line ends within a character
            except UnicodeDecodeError as error:
                byte = describe_byte(error.object[error.start], encoding, error.start)
                return f"{path}, line {number}: {byte}"
            except UnicodeError as error:
                return f"{path}: not {codec.upper()} ({error}); {HOW_TO_NAME}"
    return f"{path}: ends within a character of {(encoding or 'utf-8').upper()}; get the file anew"


def _is_wide(encoding: str) -> bool:
    """Return whether an encoding writes NULs as parts of characters."""
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def _find_wide_encoding(head: bytes) -> str | None:
    """Find the encoding whose NULs are where those of a file are; None if too few bytes are NUL to tell.

    In UTF-16 every other byte is often NUL, in UTF-32 one of four always is, and its neighbour mostly.
    """
    counts = [head[start::4].count(0) for start in range(4)]
    num_units = len(head) // 4
    for encoding, high_bytes in {"utf-32-le": counts[2:], "utf-32-be": counts[:2]}.items():
        if num_units > 3 and min(high_bytes) >= num_units - 1:
            return encoding
    even, odd = counts[0] + counts[2], counts[1] + counts[3]
    if max(even, odd) > len(head) / 4:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None
