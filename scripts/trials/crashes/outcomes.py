"""Keeps what came of strikes, so that a matrix that was stopped goes on."""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Strike:
    """Says what is done to a run, and when."""

    kind: str
    """One of `MODES`, the name of a signal, or `starts`."""
    number: int
    """Of the call, or of the random moment."""


class Outcomes:
    """Keeps what came of strikes in a file of JSON lines."""

    def __init__(self, path: Path, of: str) -> None:
        """Open the file.

        Args:
            path: it is made with the first outcome.
            of: the digest of the run: see `digest_run`. What the file holds of other runs does not count.
        """
        self._path = path
        self._of = of

    def read(self) -> dict[Strike, str | None]:
        """Read what is wrong with each strike that was made, None for nothing."""
        lines = self._path.read_bytes().splitlines(keepends=True) if self._path.is_file() else []
        records = [json.loads(line) for line in lines if line.endswith(b"\n")]
        return {
            Strike(record["kind"], record["number"]): record["wrong"]
            for record in records
            if record.get("run") == self._of
        }

    def add(self, what: Strike, wrong: str | None) -> None:
        """Append an outcome, also while other processes do."""
        append_record(self._path, {"run": self._of, "kind": what.kind, "number": what.number, "wrong": wrong})


def digest_run(names: Sequence[str]) -> str:
    """Digest the calls of a run, and the code that this process has imported for it."""
    packages = ("hf_lstm", "trials")
    files = {
        name: module.__file__
        for name, module in sys.modules.items()
        if f"{name}.".startswith(tuple(f"{package}." for package in packages)) and module.__file__ is not None
    }
    digest = hashlib.sha256(json.dumps([names, torch.__version__]).encode())
    for name, file in sorted(files.items()):
        digest.update(name.encode() + Path(file).read_bytes())
    return digest.hexdigest()[:16]


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Append an object to a file of JSON lines, at once."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(descriptor, json.dumps(record).encode() + b"\n")  # short enough to be written at once
    finally:
        os.close(descriptor)
