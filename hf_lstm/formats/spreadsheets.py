"""Reads Excel and OpenDocument spreadsheets row by row."""

import contextlib
import datetime
import functools
import json
import logging
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.errors import InputError
from hf_lstm.formats.row_files import MISSING_LABELS, RowFile
from hf_lstm.formats.signatures import OLD_EXCEL, ZIP, describe_other_kind

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_BYTES = 2**30
"""Most bytes of XML that a spreadsheet may hold: the reader has them all in memory."""
_TRIAL = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
if sys.platform != "win32":
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), resource.getrlimit(resource.RLIMIT_AS)[1]))
import python_calamine
try:
    with python_calamine.CalamineWorkbook.from_path(sys.argv[2]) as workbook:
        for name in sys.argv[4:]:
            workbook.get_sheet_by_name(name)
except python_calamine.CalamineError:
    pass
"""
_TRIAL_BYTES, _TRIAL_BYTES_PER_BYTE = 2**30, 4
"""Memory that a sheet may take: so much, and more by what the file holds."""
_TRIAL_S, _TRIAL_BYTES_PER_S = 10.0, 2**20
"""The same of its time, on a busy machine."""

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def open_spreadsheet(path: Path) -> Iterator[RowFile]:
    """Open the first visible sheet of a spreadsheet.

    Its first row that is not empty names the columns. Empty rows are skipped. A number or date is the text that it
    shows.

    Raises:
        InputError: the file is damaged, has a password, swells beyond `MAX_BYTES`, its cells lie too far apart, or the
            sheet is empty.
    """
    import python_calamine

    num_bytes = _check_size(path)
    _try_out(str(path), (), num_bytes, path.stat().st_mtime_ns)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            name = _choose_sheet(path, workbook)
            _try_out(str(path), (name,), num_bytes, path.stat().st_mtime_ns)
            sheet = workbook.get_sheet_by_name(name)
            rows = _list_rows(sheet)
            _, header = next(rows, (1, []))
            if not header:
                raise InputError(
                    f"{path}: the sheet {sheet.name!r} is empty; expected a row of column names, then rows"
                )
            yield RowFile(str(path), header, rows, MISSING_LABELS)
    except python_calamine.PasswordError:
        raise InputError(f"{path}: is protected by a password; save it without one") from None
    except (python_calamine.CalamineError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        told = (
            describe_other_kind(path, (ZIP, OLD_EXCEL))
            or f"can't be read as a spreadsheet ({reason}); save it anew, or as CSV"
        )
        raise InputError(f"{path}: {told}") from None


def _check_size(path: Path) -> int:
    """Return how many bytes a spreadsheet holds by unpacking it: what its table of contents says may be wrong.

    Raises:
        InputError: it is damaged, or they are more than `MAX_BYTES`.
    """
    if not zipfile.is_zipfile(path):
        return path.stat().st_size  # the old .xls: not compressed, or damaged
    left = MAX_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    while block := stream.read(2**20):
                        left -= len(block)
                        if left < 0:
                            raise InputError(f"{path}: holds more than {MAX_BYTES:,} bytes; save it as CSV")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise InputError(f"{path}: can't be read as a spreadsheet ({error}); save it anew, or as CSV") from None
    return MAX_BYTES - left


@functools.lru_cache(maxsize=32)  # a file is opened to find its columns, and again to read it
def _try_out(path: str, names: tuple[str, ...], num_bytes: int, changed_ns: int) -> None:
    """Open a spreadsheet in another process first, and read sheets of it.

    The library has a place for all cells between the first and the last: two cells in opposite corners of a sheet take
    400 GB, and end the process that reads them. Of some damaged files it finds no end.

    Args:
        path: of the file.
        names: of the sheets.
        num_bytes: that the file holds.
        changed_ns: when the file changed last: what was found of another file of its name does not count.

    Raises:
        InputError: it takes too much memory or time.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        return  # there is no Python to start
    max_bytes = _TRIAL_BYTES + _TRIAL_BYTES_PER_BYTE * num_bytes
    command = [sys.executable, "-c", _TRIAL, json.dumps(sys.path), path, str(max_bytes), *names]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TRIAL_S + num_bytes / _TRIAL_BYTES_PER_S
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: takes too long to read, as a damaged file may; save it anew, or as CSV") from None
    except OSError:
        return  # no other process may be started here
    if done.returncode:
        raise InputError(
            f"{path}: cannot be read in {max_bytes:,} bytes of memory: cells lie too far apart, or it is damaged; save "
            "it anew without what stands far below or beside the table, or as CSV"
        )


def _choose_sheet(path: Path, workbook: "CalamineWorkbook") -> str:
    import python_calamine as calamine

    is_sheet, is_shown = calamine.SheetTypeEnum.WorkSheet, calamine.SheetVisibleEnum.Visible
    sheets = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == is_sheet]
    visible = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == is_sheet and sheet.visible == is_shown]
    if not sheets:
        raise InputError(f"{path}: there is no sheet of cells; expected a row of column names, then rows")
    chosen = (visible or sheets)[0]
    if len(sheets) > 1:
        others = ", ".join(repr(name[:40]) for name in sheets[:9] if name != chosen)
        logger.warning("%s: the sheet %r is read; left out: %s", path, chosen, others)
    return str(chosen)


def _list_rows(sheet: "CalamineSheet") -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row that is not empty."""
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        values = [_write_cell(cell) for cell in cells]
        if any(values):
            yield number, values


def _write_cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
