"""Sends figures to trackio, TensorBoard or Weights & Biases."""

import contextlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from hf_lstm.errors import InputError
from hf_lstm.extras import require_library

PROJECT = "hf-lstm"
TRACKERS = ("trackio", "tensorboard", "wandb")


class Tracker(Protocol):
    """Takes the figures of one run. A class like this is all that another program needs."""

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None, step: int) -> str:
        """Begin a run, or go on with one.

        Args:
            name: of the run.
            settings: as JSON, by section.
            run_id: what this method returned when the run began; None for a new one.
            step: the last one that the run was told of; 0 for a new one.

        Returns:
            What leads back to the run.
        """

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Take figures after a step."""

    def finish(self) -> None:
        """Take no more figures."""


class TensorBoard:
    """Writes files for TensorBoard, into a folder beside that of the run."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder: `tensorboard --logdir` wants it."""
        self._folder = folder

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None, step: int) -> str:
        """Open a file of events; what earlier ones have after `step` is not shown any more."""
        from torch.utils.tensorboard import SummaryWriter

        folder = run_id or str(self._folder / name)
        self._writer = SummaryWriter(folder, purge_step=None if run_id is None else step + 1)
        if run_id is None:
            lines = "\n".join(f"{key}: {value}  " for key, value in flatten(settings).items())
            self._writer.add_text("settings", lines)
        return folder

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write figures."""
        for key, value in figures.items():
            self._writer.add_scalar(key, value, step)

    def finish(self) -> None:
        """Close the file."""
        self._writer.close()


class Trackio:
    """Writes into the local data base of trackio, which `trackio show` shows."""

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None, step: int) -> str:
        """Open the run."""
        import trackio

        with contextlib.redirect_stdout(io.StringIO()):  # it greets at length
            trackio.init(
                project=PROJECT,
                name=run_id or name,
                config=flatten(settings),
                resume="never" if run_id is None else "allow",
                embed=False,
            )
        return run_id or name

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write figures."""
        import trackio

        trackio.log(dict(figures), step=step)

    def finish(self) -> None:
        """Wait until all figures are written."""
        import trackio

        with contextlib.redirect_stdout(io.StringIO()):
            trackio.finish()


class WeightsAndBiases:
    """Sends figures to Weights & Biases, as its own settings say: `WANDB_MODE=offline` keeps them here."""

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None, step: int) -> str:
        """Open the run."""
        import wandb

        resume: Any = None if run_id is None else "allow"
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT), name=name, id=run_id, resume=resume, config=dict(settings)
        )
        return str(self._run.id)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Send figures."""
        self._run.log(dict(figures), step=step)

    def finish(self) -> None:
        """Wait until all figures are sent."""
        self._run.finish()


def build_tracker(kind: str, folder: Path) -> Tracker:
    """Build the tracker of a name, one of `TRACKERS`.

    Args:
        kind: the name.
        folder: for files of trackers that write some.

    Raises:
        InputError: there is no such tracker, or its library is not installed.
    """
    if kind not in TRACKERS:
        raise InputError(f"there is no tracker {kind!r}; expected {', '.join(TRACKERS)}")
    require_library(kind)
    if kind == "tensorboard":
        return TensorBoard(folder)
    return Trackio() if kind == "trackio" else WeightsAndBiases()


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten mappings in mappings: the key `train` of `loss` is `train/loss`."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}/") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
