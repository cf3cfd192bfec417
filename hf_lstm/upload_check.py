"""What may be uploaded to the demo: one small table or text file at a time, and no more of them than fit."""

import re
import shutil
import time
from email.message import Message
from pathlib import Path

MAX_UPLOAD_BYTES = 1024 * 1024
UPLOAD_SUFFIXES = (".csv", ".tsv", ".jsonl", ".txt")
MAX_STORED_UPLOADS = 100
UPLOAD_LIFETIME_S = 600
"""Files are used once, within seconds of their upload."""

_FILE_NAME = re.compile(rb'filename="((?:[^"\\\r\n]|\\.)*)"', re.IGNORECASE)


def find_upload_fault(content_type: str, body: bytes) -> tuple[int, str] | None:
    """Return why a multipart body is not one file that may be uploaded, as HTTP status and message; None if it is."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        return 400, "That is no upload of a file."
    if body.count(b"--" + boundary.encode("latin-1", errors="replace")) != 2:  # before and after the only part
        return 400, "Please upload one file at a time."
    head, separator, content = body.partition(b"\r\n\r\n")
    name = _FILE_NAME.search(head)
    if not separator or name is None:
        return 400, "That is no upload of a file."
    if Path(name[1].decode("utf-8", errors="replace")).suffix.lower() not in UPLOAD_SUFFIXES:
        return 415, f"Please upload a file of one of the types {', '.join(UPLOAD_SUFFIXES)}."
    if len(content) > MAX_UPLOAD_BYTES:
        return 413, f"Files of up to {MAX_UPLOAD_BYTES // 2**20} MB, please."
    return None


def make_room(folder: Path) -> bool:
    """Delete what was uploaded to a folder more than `UPLOAD_LIFETIME_S` ago, and return whether more may be stored."""
    if not folder.is_dir():
        return True
    oldest = time.time() - UPLOAD_LIFETIME_S
    num_stored = 0
    for upload in folder.iterdir():  # a folder for each file
        try:
            if upload.stat().st_mtime >= oldest:
                num_stored += 1
            else:
                shutil.rmtree(upload)
        except FileNotFoundError:
            continue  # another request was faster
    return num_stored < MAX_STORED_UPLOADS
