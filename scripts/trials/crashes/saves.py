"""Counts the checkpoints that a run has saved, and finds out whether one of them is lost."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.files.names import CHECKPOINT_PREFIX, RESULTS_FILE
from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.storage.output_folder import OutputFolder
from trials.crashes.work import count_save, read_count


class CountedCheckpoints(Checkpoints):
    """Counts in a file beside the run's folder, which outlives the process, the states that it has saved."""

    def __init__(self, folder: OutputFolder, *, every_steps: int) -> None:
        super().__init__(folder.checkpoints, every_s=None, every_steps=every_steps)
        self._of = folder.path

    def save(self, state: Mapping[str, Any]) -> None:
        """Save a state, and count it."""
        super().save(state)
        count_save(self._of)


def find_loss(folder: Path) -> str | None:
    """Say what is lost of a run that was stopped: it must be finished, or what it saved last must be there, whole."""
    num_saved = read_count(folder)
    if not num_saved or (folder / RESULTS_FILE).is_file():
        return None
    newest = max(OutputFolder(folder).checkpoints.glob(f"{CHECKPOINT_PREFIX}*[0-9]"), default=None)
    number = 0 if newest is None else int(newest.name.removeprefix(CHECKPOINT_PREFIX))
    if newest is None or number < num_saved:
        return f"{num_saved} checkpoints were saved, but the newest is number {number}"
    with tempfile.TemporaryDirectory() as scratch:  # looked at elsewhere, as this removes strays
        shutil.copytree(newest, Path(scratch) / newest.name)
        try:
            Checkpoints(Path(scratch)).load_latest()
        except InputError:
            return f"checkpoint {number} is damaged"
    return None
