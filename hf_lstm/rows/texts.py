"""Reads texts to score from files."""

import glob
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from hf_lstm.errors import InputError
from hf_lstm.formats.arrow_files import ArrowFile, convert_texts
from hf_lstm.formats.catalog import LINES, get_format, has_known_type, import_reader, open_file
from hf_lstm.formats.encodings import HOW_TO_NAME, check_encoding, check_head, describe_byte
from hf_lstm.formats.row_files import Place, check_text
from hf_lstm.formats.signatures import find_binary
from hf_lstm.rows.columns import find_text_column


def looks_like_file(argument: str) -> bool:
    """Return whether a command line's argument means a file, not a text.

    It does if there is such a file, or a folder, which nobody means as a text. It also does if it has no white space,
    and has a known suffix or a path separator.
    """
    if os.path.exists(argument):  # unlike `Path.exists`, it takes texts of any length
        return True
    if not argument or any(character.isspace() for character in argument):
        return False
    separators = {os.sep, os.altsep or os.sep}
    return not separators.isdisjoint(argument) or has_known_type(Path(argument))


def read_texts(path: Path, text_column: str | None = None, encoding: str | None = None) -> Iterator[str]:
    """Read the texts of a file, one by one and in order.

    The whole file is never in memory, except a `.json` file that is one list, and a spreadsheet. Each line of a `.txt`
    file is a text, blank lines included. The other types are tables, as for training.

    Args:
        path: the file; its suffix tells the type.
        text_column: the column of the texts; by default the first well-known name.
        encoding: that of a text file; UTF-8 by default.

    Raises:
        InputError: at once: there is no such file, it is empty, or its type is unknown. While texts are read, with the
            file and the row: it is not in this encoding, a row is damaged, or a column or text is missing.
    """
    check_text_file(path, text_column, encoding)
    return _read_texts(path, text_column, encoding)


def check_text_file(
    path: Path, text_column: str | None, encoding: str | None = None, *, remedy: str | None = None
) -> None:
    """Check that a file of texts is there, of a type that can be read, and has the column that is named.

    Args:
        path: the file.
        text_column: None for one that is guessed.
        encoding: that of a text file; UTF-8 by default.
        remedy: what else to do where there is no such file.

    Raises:
        InputError: it is not, it is empty, or it lacks the column.
        ModuleNotFoundError: what reads this type is not installed.
    """
    if path.is_dir() or not path.exists():
        what = "is a folder; name one file at a time" if path.is_dir() else "there is no such file"
        if glob.glob(str(path)) and not path.is_dir():
            what = "is a pattern; name one file at a time"
        raise InputError("; ".join(filter(None, (f"{path}: {what}", remedy))))
    if get_format(path) is LINES and text_column is not None:
        raise InputError(f"{path}: a .txt file has no columns; leave out --text-column {text_column}")
    import_reader(path)  # at once, not after the model is loaded
    if text_column is not None:
        with open_file(path, encoding) as file:
            find_text_column(str(path), file.columns, text_column)


def read_lines(stream: BinaryIO, name: str, encoding: str | None = None) -> Iterator[str]:
    """Yield the lines of a stream, without their line breaks.

    A byte order mark is dropped.

    Raises:
        InputError: a line is not in this encoding, which is UTF-8 by default, or has a NUL.
    """
    check_encoding(encoding)
    lines: Iterable[Any] = stream if encoding is None else io.TextIOWrapper(stream, encoding, newline="\n")
    number, head = 0, b""
    try:
        for number, line in enumerate(lines, start=1):
            if isinstance(line, bytes):
                head = head or line
            if isinstance(line, bytes) and b"\0" in line:
                _refuse_binary(head, name)
                check_head(b"\n" * (number - 1) + line, name, may_be_page=True)  # the bytes may tell the encoding
            text = line if isinstance(line, str) else line.decode("utf-8-sig" if number == 1 else "utf-8")
            yield text.removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        _refuse_binary(head, name)
        byte = describe_byte(error.object[error.start], encoding, None if encoding else error.start)
        line = number if encoding is None else number + 1 + _count_breaks_before(error, encoding)
        raise InputError(f"{name}, line {line}: {byte}") from None
    except UnicodeError as error:  # UTF-16 without its mark
        raise InputError(f"{name}: not {str(encoding).upper()} ({error}); {HOW_TO_NAME}") from None


def _refuse_binary(head: bytes, name: str) -> None:
    """Refuse a stream that is no text, by its first bytes: only once one of its lines could not be read."""
    if (binary := find_binary(head)) is not None:
        raise InputError(f"{name}: is {binary[0]}; expected lines of text: name the file itself, or pipe in its texts")


def _count_breaks_before(error: UnicodeDecodeError, encoding: str) -> int:
    """Count the line breaks before a wrong byte, in the piece of a stream that is decoded at once."""
    codec = encoding if error.encoding == "charmap" else error.encoding  # which says how the bytes of UTF-16 lie
    return error.object[: error.start].decode(codec, errors="ignore").count("\n")


def _read_texts(path: Path, text_column: str | None, encoding: str | None) -> Iterator[str]:
    with open_file(path, encoding) as file:
        column = find_text_column(file.name, file.columns, text_column)
        if isinstance(file, ArrowFile):
            index = 0
            for batch in file.read([column]):
                for text in convert_texts(batch.column(0), f"{file.name}, column {column!r}").to_pylist():
                    yield check_text(text, Place(file.name, index, None), column)
                    index += 1
            return
        place = file.columns.index(column)
        for index, (line, values) in enumerate(file.rows):
            yield check_text(values[place], Place(file.name, index, line), column)
