"""Saves the state of long work every few minutes, and finds the latest one that is whole."""

import json
import logging
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from hf_lstm.errors import InputError
from hf_lstm.files.names import CHECKPOINT_PREFIX
from hf_lstm.files.reading import hash_file, read_json
from hf_lstm.files.storage_errors import raise_storage_error
from hf_lstm.files.writing import PARTIAL_SUFFIX, make_folder, sync_folder, write_new_file
from hf_lstm.storage.states import divide_state, join_state, stream_tensors

logger = logging.getLogger(__name__)

DEFAULT_MINUTES = 5.0
"""Between two checkpoints, and so the most work that is lost."""
NUM_KEPT = 2
"""Checkpoints that stay: the latest, and one more should the disk damage it."""
MAX_SHARE_OF_TIME = 0.05
"""What the checkpoints between two intervals may take of the time."""
_MAX_STATE_BYTES = 2**30  # of our own making: its digest was compared
_TENSORS, _STATE, _MANIFEST = "tensors.safetensors", "state.json", "manifest.json"


class Checkpoints:
    """Keeps the latest states of one piece of work in a folder.

    Each is a folder of its own, written aside under a name that ends in `.partial`, flushed to the disk, and renamed.
    Its manifest, written last, has the size and SHA-256 of each file. There are no pickles.

    Use, in any loop:

        >>> checkpoints = Checkpoints(folder, every_s=300)
        >>> state = checkpoints.load_latest()
        >>> step = restore(state) if state is not None else 0
        >>> while step < num_steps:
        ...     step = train_step()
        ...     if checkpoints.is_due(step):
        ...         checkpoints.save({"step": step, "model": model.state_dict(), "random": capture_random_states()})

    Only one process may use a folder: see `hold_lock`.
    """

    def __init__(
        self, folder: Path, *, every_s: float | None = DEFAULT_MINUTES * 60, every_steps: int | None = None
    ) -> None:
        """Open a folder, and remove from it what dead processes left half-written.

        Args:
            folder: it is made at the first `save`.
            every_s: seconds between two checkpoints; None for no such rule.
            every_steps: steps between two checkpoints; None for no such rule.
        """
        self.folder = folder
        self.every_s = every_s
        self.every_steps = every_steps
        self._saved_at_s = time.monotonic()
        self._cost_s = 0.0
        self._is_place_new = not folder.parent.is_dir()
        for stray in folder.glob(f"*{PARTIAL_SUFFIX}"):
            if stray.is_dir() and not stray.is_symlink():
                shutil.rmtree(stray)
            else:
                stray.unlink()

    def is_due(self, step: int, *, ends_epoch: bool = False) -> bool:
        """Tell whether a checkpoint should be saved after a step.

        Args:
            step: counted from 1.
            ends_epoch: whether it is the last one of an epoch. This is a good moment, and is taken if checkpoints do
                not take too much of the time by it, or if they go by steps.
        """
        if self.every_steps is not None and (ends_epoch or step % self.every_steps == 0):
            return True
        elapsed_s = time.monotonic() - self._saved_at_s
        if self.every_s is not None and elapsed_s >= self.every_s:
            return True
        return ends_epoch and elapsed_s * MAX_SHARE_OF_TIME >= self._cost_s

    def save(self, state: Mapping[str, Any]) -> None:
        """Save a state, and remove all but the two latest ones.

        It is on the disk when this returns. What a tensor holds is read at once: it may change afterwards.

        Args:
            state: tensors, texts, numbers, bools and None, in dictionaries and lists of any depth.

        Raises:
            StorageError: the disk is full or fails; the earlier checkpoints are as they were.
        """
        started_s = time.monotonic()
        tensors, said = divide_state(state)
        chunks, num_bytes = stream_tensors(tensors)
        number = max(self._list_numbers(), default=0) + 1
        partial = self._name(number).with_suffix(PARTIAL_SUFFIX)
        try:
            if self._is_place_new:
                make_folder(self.folder)
                self._is_place_new = False
            elif not self.folder.is_dir():  # without its parents: a run's folder that was removed is locked no more
                self.folder.mkdir()
                sync_folder(self.folder.parent)
            partial.mkdir()
            manifest = {_TENSORS: {"bytes": num_bytes, "sha256": write_new_file(partial / _TENSORS, chunks, num_bytes)}}
            for name, value in ((_STATE, said), (_MANIFEST, manifest)):
                content = json.dumps(value, indent=1).encode()
                digest = write_new_file(partial / name, [content], len(content))
                manifest[name] = {"bytes": len(content), "sha256": digest}
            sync_folder(partial)
            partial.rename(self._name(number))
            sync_folder(self.folder)
        except OSError as error:
            raise_storage_error(error, self._name(number), num_bytes)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        self._remove_old()
        self._saved_at_s = time.monotonic()
        self._cost_s = self._saved_at_s - started_s

    def load_latest(self) -> dict[str, Any] | None:
        """Load the latest state that is whole; None if none was saved.

        Tensors are on the CPU, and tuples have become lists.

        Raises:
            InputError: there are checkpoints, but all of them are damaged.
        """
        numbers = sorted(self._list_numbers(), reverse=True)
        for number in numbers:
            try:
                return _load(self._name(number))
            except InputError as error:
                logger.warning("%s%s", error, "" if number == numbers[-1] else "; the one before it is taken")
        if numbers:
            raise InputError(
                f"all checkpoints in {self.folder} are damaged; "
                "pass --overwrite (overwrite=True in Python) to start anew"
            )
        return None

    def _name(self, number: int) -> Path:
        return self.folder / f"{CHECKPOINT_PREFIX}{number:06d}"

    def _list_numbers(self) -> list[int]:
        numbers = (path.name.removeprefix(CHECKPOINT_PREFIX) for path in self.folder.glob(f"{CHECKPOINT_PREFIX}*"))
        return [int(number) for number in numbers if number.isdecimal()]

    def _remove_old(self) -> None:
        """Remove all but the latest checkpoints; one that cannot be removed harms nobody."""
        for number in sorted(self._list_numbers())[:-NUM_KEPT]:
            try:
                # Renamed first: half a checkpoint must not look like a damaged one.
                doomed = self._name(number).with_suffix(PARTIAL_SUFFIX)
                self._name(number).rename(doomed)
                shutil.rmtree(doomed)
            except OSError as error:
                logger.warning("%s cannot be removed: %s", self._name(number), error.strerror)


def _load(folder: Path) -> dict[str, Any]:
    """Load one checkpoint.

    Raises:
        InputError: it is not what the manifest says.
    """
    try:
        manifest = read_json(folder / _MANIFEST)
        if manifest.keys() != {_TENSORS, _STATE}:
            raise InputError(f"the checkpoint {folder} is damaged: {_MANIFEST} does not list its files")
        for name, said in manifest.items():
            if hash_file(folder / name) != said["sha256"]:
                raise InputError(f"the checkpoint {folder} is damaged: {name} is not what was saved")
        # Cloned, as a file that is mapped into memory is aligned to nothing, and goes when it is replaced.
        tensors = {name: tensor.clone() for name, tensor in load_file(folder / _TENSORS).items()}
        state: dict[str, Any] = join_state(tensors, read_json(folder / _STATE, max_bytes=_MAX_STATE_BYTES))
    except (OSError, KeyError, TypeError, SafetensorError) as error:
        raise InputError(f"the checkpoint {folder} is damaged: {error}") from None
    return state
