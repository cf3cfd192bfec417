"""Lists the formats of files, and opens each by one reader: whoever asks for texts or labels reads the same rows."""

import contextlib
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from hf_lstm.errors import InputError
from hf_lstm.formats.arrow_files import ArrowFile, open_arrow, open_parquet
from hf_lstm.formats.compression import COMPRESSED_SUFFIXES, split_suffixes
from hf_lstm.formats.delimited import open_delimited
from hf_lstm.formats.encodings import open_text
from hf_lstm.formats.json_rows import open_json
from hf_lstm.formats.row_files import RowFile
from hf_lstm.formats.spreadsheets import open_spreadsheet


@contextlib.contextmanager
def open_lines(path: Path, encoding: str | None = None) -> Iterator[RowFile]:
    """Open a text file: each line is a text, blank lines included."""
    with open_text(path, encoding, may_be_page=True) as stream:
        stream.reconfigure(newline="\n")  # type: ignore[attr-defined]  # a lone \r ends no line
        rows = ((line, [text.removesuffix("\n").removesuffix("\r")]) for line, text in enumerate(stream, start=1))
        yield RowFile(str(path), ["text"], rows)


class Format(NamedTuple):
    """Describes a type of files."""

    open: Callable[..., AbstractContextManager[RowFile | ArrowFile]]
    library: str | None = None
    """What its reader imports. A format that needs none is text: it has an encoding, and may be compressed."""

    @property
    def is_text(self) -> bool:
        """Whether the file has an encoding, and may be compressed."""
        return self.library is None


LINES = Format(open_lines)
_DELIMITED, _JSON, _SPREADSHEET = Format(open_delimited), Format(open_json), Format(open_spreadsheet, "python_calamine")
_PARQUET, _ARROW = Format(open_parquet, "pyarrow"), Format(open_arrow, "pyarrow")
FORMATS: Mapping[str, Format] = {
    ".txt": LINES,
    ".csv": _DELIMITED, ".tsv": _DELIMITED,
    ".jsonl": _JSON, ".ndjson": _JSON, ".json": _JSON,
    ".parquet": _PARQUET, ".arrow": _ARROW, ".feather": _ARROW,
    ".xlsx": _SPREADSHEET, ".xlsm": _SPREADSHEET, ".xlsb": _SPREADSHEET, ".xls": _SPREADSHEET, ".ods": _SPREADSHEET,
}  # fmt: skip
"""By suffix."""


def has_known_type(path: Path) -> bool:
    """Return whether a file's suffix says that it can be read."""
    suffix, compression = split_suffixes(path)
    return suffix in FORMATS and (not compression or FORMATS[suffix].is_text)


def describe_no_file(path: Path) -> str:
    """Say what is there in the place of a file to read."""
    if path.is_dir():
        return "is a folder, expected a file"
    if path.exists():
        return "is a pipe or a device, expected a file; save what comes from it in one"
    return "there is no such file"


def get_format(path: Path) -> Format:
    """Return the format that a file's suffix tells.

    Raises:
        InputError: there is no such file, its type is unknown, or it is empty.
    """
    if not path.is_file():
        raise InputError(f"{path}: {describe_no_file(path)}")
    if not has_known_type(path):
        raise InputError(
            f"{path}: unknown file type {''.join(path.suffixes[-2:])!r}; expected one of {', '.join(FORMATS)}, "
            f"or a text file with one of {', '.join(COMPRESSED_SUFFIXES)} after it"
        )
    found = FORMATS[split_suffixes(path)[0]]
    if not path.stat().st_size and found is not LINES:
        raise InputError(f"{path}: the file is empty; expected rows with a text")
    return found


def open_file(path: Path, encoding: str | None = None) -> AbstractContextManager[Any]:
    """Open a file of any type; what it gives is a `RowFile` or an `ArrowFile`.

    Raises:
        InputError: as for `get_format`; or an encoding is named for a type that has none; and, while it is read, as its
            reader says.
    """
    found = get_format(path)
    if not found.is_text and encoding is not None:
        raise InputError(f"{path}: this type of file says its encoding itself; leave out --encoding {encoding}")
    return found.open(path, encoding) if found.is_text else found.open(path)


def import_reader(path: Path) -> None:
    """Import the library that reads a file, if it needs one.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    library = "pyarrow" if split_suffixes(path)[1] == ".zst" else get_format(path).library
    if library is not None:
        importlib.import_module(library)
