"""Names the files of a model folder, and reads and writes files.

A file is written whole or not at all.
"""

import atexit
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from hf_lstm.errors import InputError

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"
RECIPE_FILE = "recipe.json"
RESULTS_FILE = "results.json"
REPORT_FOLDER = "report"
"""Plots and tables, which a run adds after it has saved the model."""
REPORT_SUFFIXES = (".md", ".png", ".svg", ".json", ".jsonl", ".csv")
"""Of the files of a report. Other files in its folder are not published."""
REQUIRED_FILES = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)


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
    write_file(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def write_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Whatever happens, it has its old content or all of the new one.
    """
    with _open_partial(path, "wb") as file:
        file.write(content)


def make_temporary_folder(prefix: str) -> Path:
    """Make a folder that is deleted when the process ends, and return it.

    Only its user can read it.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def list_report_files(model_folder: Path) -> list[Path]:
    """List the files of the report in a model folder, sorted by name.

    Hidden files, and files of other types than a report has, are left out.
    """
    found = (model_folder / REPORT_FOLDER).glob("[!.]*")
    return sorted(path for path in found if path.suffix in REPORT_SUFFIXES and path.is_file())


def open_partial(path: Path) -> contextlib.AbstractContextManager[TextIO]:
    """Open a temporary file that replaces `path` when the block ends.

    It takes text in UTF-8. If the block fails, it is deleted, and `path` stays as it is.
    """
    return _open_partial(path, "w", encoding="utf-8", newline="")


@contextlib.contextmanager
def _open_partial(path: Path, mode: str, **options: str) -> Iterator[Any]:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, mode, **options) as stream:  # type: ignore[call-overload]  # it can't tell which options
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
