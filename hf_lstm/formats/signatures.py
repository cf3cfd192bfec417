"""Tells by its first bytes what a file is, where its suffix says something else."""

import codecs
from pathlib import Path

_HEAD_BYTES = 512
PARQUET, ARROW, ZIP, OLD_EXCEL = b"PAR1", b"ARROW1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
COMPRESSED = {
    b"\x1f\x8b": ("gzip", ".gz"),
    b"BZh": ("bzip2", ".bz2"),
    b"\xfd7zXZ": ("xz", ".xz"),
    b"\x28\xb5\x2f\xfd": ("zstd", ".zst"),
}
"""By the first bytes: the program that a file is compressed with, and the suffix that says so."""
_BINARY = {
    PARQUET: ("a Parquet file", ".parquet"),
    ARROW: ("an Arrow file", ".arrow"),
    ZIP: ("a zip archive or a spreadsheet", ".xlsx, or unpack it"),
    OLD_EXCEL: ("an old Excel file", ".xls"),
    **{
        start: (f"compressed with {program}", f"{suffix} after its own")
        for start, (program, suffix) in COMPRESSED.items()
    },
}
"""By their first bytes: what they are, and the suffix that says so."""
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<table")


def describe_signature(head: bytes, *, may_be_page: bool = False) -> str | None:
    """Say what a file is whose first bytes leave no doubt that it is no table as text, and what to do; else None.

    A file of texts, not of a table, may be a page: who sorts letters or pages has such texts.
    """
    if (binary := find_binary(head)) is not None:
        what, suffix = binary
        return f"is {what}, whatever its name says; give it the suffix {suffix}"
    return describe_stand_in(head, may_be_page=may_be_page)


def find_binary(head: bytes) -> tuple[str, str] | None:
    """Find what is no text by its first bytes, and the suffix of such a file; None where they don't tell."""
    return next((found for start, found in _BINARY.items() if head.startswith(start)), None)


def describe_stand_in(head: bytes, *, may_be_page: bool = False) -> str | None:
    """Say what a text is that stands in the place of a file, as after a download that failed; else None."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_LFS_POINTER):
        return "is a pointer of Git LFS and not the file itself; get that, as by `git lfs pull`"
    if not may_be_page and text.lower().startswith(_PAGE_STARTS):
        return "is a web page (HTML), whatever its name says; get the file itself, or save its table as CSV"
    return None


def describe_other_kind(path: Path, own_starts: tuple[bytes, ...]) -> str | None:
    """Say what a file is that its own reader can't read, and what to do.

    None where its first bytes don't tell, or are `own_starts`: then it is of its own kind, and damaged.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head or head.startswith(own_starts):
        return None
    if (told := describe_signature(head)) is not None:
        return told
    try:
        is_text = b"\0" not in head and bool(codecs.getincrementaldecoder("utf-8")().decode(head))
    except UnicodeDecodeError:
        return None
    remedy = "give it the suffix of what it is, such as .csv, .tsv or .jsonl"
    return f"is a text, whatever its name says; {remedy}" if is_text else None
