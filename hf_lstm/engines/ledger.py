"""Remembers in the output folder what is scored, so that a second start goes on with what is missing."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_lstm.engines.corpus import CorpusFile
from hf_lstm.engines.parts import name_part
from hf_lstm.errors import InputError
from hf_lstm.files.reading import read_json_if_there
from hf_lstm.files.writing import PARTIAL_SUFFIX, write_json
from hf_lstm.storage.locks import hold_lock

FOLDER = ".scoring"
_SETTINGS_FILE, _FILES_FILE = "run.json", "files.json"
_PART = re.compile(r"(.+)-(\d{6,})\.parquet")


class Ledger:
    """Knows which parts of which files are scored.

    Args:
        output: the folder of the parts' files.
        files: of the corpus.
    """

    def __init__(self, output: Path, files: Sequence[CorpusFile]) -> None:
        self._output = output
        self._files = {file.name: file for file in files}
        self._path = output / FOLDER / _FILES_FILE
        saved = read_json_if_there(self._path) or {}
        self._num_parts: dict[str, int] = dict(saved.get("num_parts", {}))
        self._check_versions(saved.get("versions", {}))
        self.done: dict[str, set[int]] = {name: set() for name in self._files}
        for path in output.iterdir():
            if match := _PART.fullmatch(path.name):
                self.done.setdefault(match[1], set()).add(int(match[2]))
        self.save()

    def list_unfinished(self) -> list[CorpusFile]:
        """List the files that have, or may have, parts that are not scored."""
        return [file for name, file in self._files.items() if not self._is_finished(name)]

    def save(self) -> None:
        """Write what is known of the files."""
        versions = {file.source: file.version for file in self._files.values()}
        write_json(self._path, {"versions": versions, "num_parts": self._num_parts})

    def add_part(self, name: str, index: int) -> None:
        """Remember that a part is scored."""
        self.done[name].add(index)

    def end_file(self, name: str, num_parts: int) -> None:
        """Remember how many parts a file has."""
        self._num_parts[name] = num_parts

    def require_all(self) -> None:
        """Check that each part of each file is scored, and its file is there.

        Raises:
            RuntimeError: one is not, which the engine should have told.
        """
        there = {path.name for path in self._output.iterdir()}
        for name in self._files:
            missing = (
                name not in self._num_parts
                or {name_part(name, index) for index in range(self._num_parts[name])} - there
            )
            if missing:
                raise RuntimeError(f"{self._files[name].source}: not all of it was scored; start again to go on")

    def _is_finished(self, name: str) -> bool:
        return name in self._num_parts and self.done[name] >= set(range(self._num_parts[name]))

    def _check_versions(self, saved: Mapping[str, str]) -> None:
        now = {file.source: file.version for file in self._files.values()}
        for source, version in saved.items():
            if now.get(source) != version:
                what = "has changed" if source in now else "is not among the inputs any more"
                raise InputError(
                    f"{source}: {what} since {self._output} was begun, so what is there can't be gone on with; "
                    "choose another --output"
                )


@contextlib.contextmanager
def open_ledger(output: Path, files: Sequence[CorpusFile], settings: Mapping[str, Any]) -> Iterator[Ledger]:
    """Open the ledger of an output folder, which is made if need be, and keep everybody else out during the block.

    Args:
        output: the folder.
        files: of the corpus. New ones may come from start to start; those that were there must be the same.
        settings: on which the answers depend. They must be those of the first start.

    Raises:
        InputError: somebody else uses the folder; it holds other things; or something differs from the first start.
    """
    if output.exists() and not output.is_dir():
        raise InputError(f"--output {output}: is a file; --engine ray writes a folder of Parquet files")
    if output.is_dir() and any(output.iterdir()) and not (output / FOLDER).is_dir():
        raise InputError(f"--output {output}: holds other files already; choose a new folder")
    inside = next((file.source for file in files if output.resolve() in Path(file.source).parents), None)
    if inside is not None:
        raise InputError(f"--output {output}: holds the input {inside}; choose another folder")
    with hold_lock(output / FOLDER):
        check_settings(output, settings)
        for stray in output.glob(f".*{PARTIAL_SUFFIX}"):  # of dead processes
            stray.unlink(missing_ok=True)
        yield Ledger(output, files)


def check_settings(output: Path, settings: Mapping[str, Any]) -> None:
    """Compare settings with those of the first start.

    Raises:
        InputError: one differs.
    """
    path = output / FOLDER / _SETTINGS_FILE
    saved = (read_json_if_there(path) or {}).get("settings")
    if saved is None:
        write_json(path, {"settings": dict(settings)})
        return
    for key, value in settings.items():
        if saved.get(key) != value:
            raise InputError(
                f"--output {output}: was begun with {key} {saved.get(key)}, which is {value} now; go on with what it "
                "was begun with, or choose another folder"
            )
