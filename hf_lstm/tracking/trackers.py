"""Sends figures to trackio, TensorBoard or Weights & Biases."""

import contextlib
import contextvars
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from hf_lstm.errors import InputError
from hf_lstm.extras import require_library

PROJECT = "hf-lstm"
TRACKERS = ("trackio", "tensorboard", "wandb")
_SHOW_AFTER_S = 5
"""TensorBoard's own default is two minutes."""


class Tracker(Protocol):
    """Takes the figures of one run. A class like this is all that another program needs."""

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None) -> str:
        """Begin a run, or go on with one.

        Args:
            name: of the run.
            settings: as JSON, by section.
            run_id: what this method returned when the run began; None for a new one.

        Returns:
            What leads back to the run.
        """

    def has(self, figure: str, step: int) -> bool:
        """Tell whether a run that goes on had a figure of a step already when it was started this time."""

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Take figures after a step."""

    def finish(self, *, is_done: bool) -> None:
        """Take no more figures; unless all is done, the run was stopped or failed."""


class TensorBoard:
    """Writes files for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder: `tensorboard --logdir` wants it."""
        self._folder = folder
        self._last_steps: dict[str, int] = {}

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None) -> str:
        """Open a file of events, beside those of earlier processes, which are read."""
        from torch.utils.tensorboard import SummaryWriter

        folder = run_id or str(self._folder / name)
        if run_id is not None:
            self._last_steps = _read_last_steps(folder)
        self._writer = SummaryWriter(folder, flush_secs=_SHOW_AFTER_S)
        if run_id is None:
            lines = "\n".join(f"{key}: {value}  " for key, value in flatten(settings).items())
            self._writer.add_text("settings", lines)
            self._writer.flush()
        return folder

    def has(self, figure: str, step: int) -> bool:
        """Tell whether the files had it."""
        return step <= self._last_steps.get(figure, -1)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write figures."""
        for key, value in figures.items():
            self._writer.add_scalar(key, value, step)

    def finish(self, *, is_done: bool) -> None:
        """Close the file."""
        self._writer.close()


def _read_last_steps(folder: str) -> dict[str, int]:
    """Read the last step of each figure in a folder of TensorBoard's; an event that was cut short does not count."""
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

    events = EventAccumulator(folder, size_guidance={SCALARS: 1}).Reload()  # of each, the last is kept
    return {figure: events.Scalars(figure)[-1].step for figure in events.Tags()[SCALARS]}


class Trackio:
    """Writes into the local data base of trackio, which `trackio show` shows, or where its own variables say."""

    def __init__(self) -> None:
        """Make a place for what trackio takes for the program's one run: the caller may have one of its own."""
        self._context = contextvars.Context()
        self._last_steps: dict[str, int] = {}

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None) -> str:
        """Open the run, and read what it has if that is on this machine."""
        import trackio
        from trackio.sqlite_storage import SQLiteStorage

        name = run_id or name
        if run_id is not None:
            for record in SQLiteStorage.get_logs(PROJECT, name):
                self._last_steps |= dict.fromkeys(record, record["step"])
        options: dict[str, Any] = {"config": flatten(settings), "resume": "never" if run_id is None else "allow"}
        self._call(trackio.init, project=PROJECT, name=name, embed=False, **options)
        return name

    def has(self, figure: str, step: int) -> bool:
        """Tell whether the data base had it."""
        return step <= self._last_steps.get(figure, -1)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write figures."""
        import trackio

        self._context.run(trackio.log, dict(figures), step=step)

    def finish(self, *, is_done: bool) -> None:
        """Wait until all figures are written."""
        import trackio

        self._call(trackio.finish)

    def _call(self, function: Any, **options: Any) -> None:
        with contextlib.redirect_stdout(io.StringIO()):  # it greets at length, and says goodbye
            self._context.run(function, **options)


class WeightsAndBiases:
    """Sends figures to Weights & Biases, as its own settings say: `WANDB_MODE=offline` keeps them here."""

    def start(self, name: str, settings: Mapping[str, Any], *, run_id: str | None) -> str:
        """Open the run. Nothing is sent but what is logged, and how busy the machine is.

        Its own defaults send the command with its folders, the names of user and machine, and what is printed.
        """
        import wandb

        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=name,
            id=run_id,
            resume=None if run_id is None else "allow",
            config=dict(settings),
            settings=wandb.Settings(
                console="off", x_disable_meta=True, x_save_requirements=False, save_code=False, host="unnamed"
            ),
        )
        return str(self._run.id)

    def has(self, figure: str, step: int) -> bool:
        """Tell whether the server had it. Offline, each process writes a whole run, which stands for those before."""
        return step < int(self._run.starting_step)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Send figures."""
        self._run.log(dict(figures), step=step)

    def finish(self, *, is_done: bool) -> None:
        """Wait until all figures are sent."""
        self._run.finish(exit_code=int(not is_done))


def check_tracker(kind: str | None) -> None:
    """Check that there is a tracker of a name, one of `TRACKERS`; None is fine.

    This is for the start, before any work is done.

    Raises:
        InputError: there is no such tracker, or its library is not installed.
    """
    if kind is None:
        return
    if kind not in TRACKERS:
        raise InputError(f"there is no tracker {kind!r}; expected {', '.join(TRACKERS)}")
    require_library(kind)


def build_tracker(kind: str, folder: Path) -> Tracker:
    """Build the tracker of a name, with `folder` for the files of one that writes some.

    Raises:
        InputError: as `check_tracker`.
    """
    check_tracker(kind)
    if kind == "tensorboard":
        return TensorBoard(folder)
    return Trackio() if kind == "trackio" else WeightsAndBiases()


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten mappings in mappings, and lists: the key `loss` of `train` is `train/loss`, its first value `train/1`."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        inner = {f"{place}": each for place, each in enumerate(value, 1)} if isinstance(value, list) else value
        flat |= flatten(inner, f"{prefix}{key}/") if isinstance(inner, Mapping) else {f"{prefix}{key}": value}
    return flat
