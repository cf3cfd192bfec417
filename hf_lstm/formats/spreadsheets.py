"""Reads Excel and OpenDocument spreadsheets row by row."""

import contextlib
import datetime
import logging
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.errors import InputError
from hf_lstm.formats.row_files import RowFile
from hf_lstm.formats.signatures import OLD_EXCEL, ZIP, describe_other_kind

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_BYTES = 2**30
"""Most bytes of XML that a spreadsheet may hold: the reader has them all in memory."""
_MISSING_LABELS = frozenset({"nan", "null"})

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def open_spreadsheet(path: Path, encoding: None = None) -> Iterator[RowFile]:
    """Open the first visible sheet of a spreadsheet.

    Its first row that is not empty names the columns. Empty rows are skipped. A number or date is the text that it
    shows.

    Raises:
        InputError: the file is damaged, has a password, swells beyond `MAX_BYTES`, or the sheet is empty.
    """
    import python_calamine

    _check_size(path)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            sheet = _choose_sheet(path, workbook)
            rows = _list_rows(sheet)
            _, header = next(rows, (1, []))
            if not header:
                raise InputError(
                    f"{path}: the sheet {sheet.name!r} is empty; expected a row of column names, then rows"
                )
            yield RowFile(str(path), header, rows, _MISSING_LABELS)
    except python_calamine.PasswordError:
        raise InputError(f"{path}: is protected by a password; save it without one") from None
    except (python_calamine.CalamineError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        told = (
            describe_other_kind(path, (ZIP, OLD_EXCEL))
            or f"can't be read as a spreadsheet ({reason}); save it anew, or as CSV"
        )
        raise InputError(f"{path}: {told}") from None


def _check_size(path: Path) -> None:
    """Check how much a spreadsheet holds by unpacking it: what its table of contents says may be wrong."""
    if not zipfile.is_zipfile(path):
        return  # the old .xls: not compressed, or damaged
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


def _choose_sheet(path: Path, workbook: "CalamineWorkbook") -> "CalamineSheet":
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
    return workbook.get_sheet_by_name(chosen)


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
