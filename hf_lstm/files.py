"""Names the files of a model folder, and reads and writes files whole or not at all."""

import contextlib
import json
import os
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
"""Plots and tables for people, which a run adds once the model stands there."""
REPORT_SUFFIXES = (".md", ".png", ".svg", ".json", ".jsonl", ".csv")
"""What a report consists of: other files in its folder are not ours to publish."""
REQUIRED_FILES = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        InputError: it is not UTF-8 JSON, or no object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} must hold a JSON object, not {type(value).__name__}")
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object as indented JSON."""
    write_file(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, the old content or the whole new one stands there."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def list_report_files(model_folder: Path) -> list[Path]:
    """Return the report's files in a model folder, by name: nothing hidden, and no type that a report does not have."""
    found = (model_folder / REPORT_FOLDER).glob("[!.]*")
    return sorted(path for path in found if path.suffix in REPORT_SUFFIXES and path.is_file())


@contextlib.contextmanager
def open_partial(path: Path) -> Iterator[TextIO]:
    """Open a file beside `path` that takes its place when the block ends well, and vanishes when it does not."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
