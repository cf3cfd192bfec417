"""Trains from Python on rows of many forms: what `hf_lstm.train` does."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets  # noqa: F401  # first of all that [train] installs, so that this is what is said to be missing

from hf_lstm.config import Recipe
from hf_lstm.config.checks import require_minutes
from hf_lstm.config.overrides import change_settings
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.files.writing import make_temporary_folder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.places import IN_MEMORY
from hf_lstm.records.results import RunResults
from hf_lstm.sources.in_memory import Rows, resolve_source
from hf_lstm.storage.checkpoints import DEFAULT_MINUTES
from hf_lstm.storage.output_folder import OutputFolder
from hf_lstm.tracking.trackers import check_tracker
from hf_lstm.training.bases.loading import check_own_settings
from hf_lstm.training.options import RunOptions
from hf_lstm.training.python_call import format_call
from hf_lstm.training.run import run_experiment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """Holds a run's model, results and folder.

    Attributes:
        model: the best epoch's weights, with a temperature fitted on validation, in evaluation mode.
        results: what was measured of these weights; `results.splits["test"].accuracy`, and likewise `train` and
            `validation`.
        folder: where the model, its card and its report are, for `LSTMSentiment.from_pretrained` and every command.
    """

    model: LSTMSentiment
    results: RunResults
    folder: Path


def train_from_python(
    data: Rows,
    recipe: str | Recipe = DEFAULT_RECIPE,
    *,
    output_dir: str | Path | None = None,
    validation: Rows | None = None,
    test: Rows | None = None,
    device: str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    checkpoint_minutes: float = DEFAULT_MINUTES,
    show_progress: bool = True,
    track: str | None = None,
    baseline: bool = True,
    **settings: Any,
) -> TrainingResult:
    """Train a recipe on labeled rows, and return model and results.

    The model is saved into a folder, and measured.

    Example:
        >>> result = hf_lstm.train(frame, text_column="body", label_column="mood", num_epochs=3, seed=1)
        >>> result.model.predict("A wonderful film.")
        >>> result.results.splits["test"].accuracy

    Args:
        data: a path, a Hub id, `sample`, a pandas DataFrame, a `datasets.Dataset` or `DatasetDict`, or a pair of texts
            and labels. Validation and test are cut from it unless it has them.
        recipe: a recipe, or the name of one.
        output_dir: the folder to write; by default one that is deleted when the process ends.
        validation: rows by which the best epoch is chosen, in any form of `data`; a path must be that of a file.
        test: likewise, rows that choose nothing.
        device: `cpu`, `cuda`, `xpu`, `mps`, or `auto` for an accelerator if there is one.
        overwrite: replace the run that `output_dir` holds.
        resume: go on with the unfinished run that `output_dir` holds, to the bit, or start anew where there is none.
            The data and the settings must be those that it began with.
        checkpoint_minutes: most minutes of work that a process which dies can lose.
        show_progress: show a line for each epoch, and on terminals and in notebooks progress bars.
        track: show the run while it trains in `trackio`, `tensorboard` or `wandb`.
        baseline: also measure what TF-IDF with logistic regression gets on the same rows.
        **settings: of the recipe, by the names that `--set` has after the dot: `learning_rate=3e-4, hidden_size=64`.

    Raises:
        InputError: the data, a setting or the output folder is unusable, or differs from that of the run to resume.
        DivergenceError: training diverged.
    """
    if not isinstance(recipe, (str, Recipe)):
        raise InputError(f"the recipe is {type(recipe).__name__}, expected a Recipe or the name of one")
    if "dataset" in settings:
        raise InputError("dataset is no setting here: pass the data as the first argument")
    require_minutes("checkpoint_minutes", checkpoint_minutes)
    check_tracker(track)
    rows = resolve_source(data, validation, test)
    chosen = change_settings(get_recipe(recipe) if isinstance(recipe, str) else recipe, settings)
    check_own_settings(chosen)
    source = rows if isinstance(rows, str) else IN_MEMORY
    chosen = dataclasses.replace(chosen, data=dataclasses.replace(chosen.data, dataset=source))
    temporary = make_temporary_folder("hf-lstm-") if output_dir is None else None
    folder = temporary / "model" if temporary is not None else expand_home(str(output_dir))
    options = RunOptions(
        output_dir=folder,
        device=device,
        command=format_call(chosen, settings),
        overwrite=overwrite,
        resume=resume,
        checkpoint_minutes=checkpoint_minutes,
        show_progress=show_progress,
        track=track,
        shown_as=None if output_dir is not None else Path("runs") / chosen.name_folder(),
        measures_baseline=baseline,
        in_memory=None if isinstance(rows, str) else rows,
    )
    with (
        shown_log() if show_progress else contextlib.nullcontext(),
        removed_on_failure(temporary),
        told_how_to_resume(lambda: temporary is None and OutputFolder(folder).can_be_resumed),
    ):
        results = run_experiment(chosen, options)
        for measured in results.baselines:
            logger.info(measured.describe("test"))
    return TrainingResult(LSTMSentiment.from_pretrained(folder), results, folder)


@contextlib.contextmanager
def removed_on_failure(folder: Path | None) -> Iterator[None]:
    """Remove a temporary folder at once if the block fails: a program may go on for days."""
    try:
        yield
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


@contextlib.contextmanager
def told_how_to_resume(can_be_resumed: Callable[[], bool]) -> Iterator[None]:
    """Say how to go on with a run that is stopped within the block, as when the cell of a notebook is interrupted."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if can_be_resumed():
            logger.info("stopped; go on with resume=True")
        raise


@contextlib.contextmanager
def shown_log() -> Iterator[None]:
    """Print the package's log during a block.

    A program that has set up its own logging is left alone.
    """
    package = logging.getLogger("hf_lstm")
    if package.hasHandlers():
        yield
        return
    handler, level = logging.StreamHandler(sys.stdout), package.level
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.removeHandler(handler)
        package.setLevel(level)
