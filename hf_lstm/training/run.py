"""Runs a recipe from set-up to report, also from Python."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets  # noqa: F401  # first of all that [train] installs, so that this is what is said to be missing

from hf_lstm.config import Recipe
from hf_lstm.devices import denormals_flushed, resolve_device
from hf_lstm.distributed.launch import ALONE, Launch
from hf_lstm.distributed.processes import Processes, find_device
from hf_lstm.errors import StorageError
from hf_lstm.evaluation.baseline import measure_tfidf
from hf_lstm.files import (
    METRICS_FILE,
    PLACES_FILE,
    RECIPE_FILE,
    REPORT_FOLDER,
    RESULTS_FILE,
    write_file,
    write_json,
)
from hf_lstm.hub.cards.card import NO_CHOICES, write_card
from hf_lstm.hub.cards.metadata import CardChoices
from hf_lstm.markdown import format_duration
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.folder import write_config, write_model
from hf_lstm.progress import can_show_bars, dataset_bars
from hf_lstm.provenance import describe_code
from hf_lstm.records.places import list_places, strip_recipe, strip_results
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.results import Epoch, RunResults
from hf_lstm.report.writer import report_run
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.storage.checkpoints import DEFAULT_MINUTES
from hf_lstm.storage.identity import check_identity
from hf_lstm.storage.output_folder import OutputFolder, claim_output_folder
from hf_lstm.storage.session import Session, open_session, read_finished
from hf_lstm.tracking.tracked import tracked
from hf_lstm.training.facts import describe_machine, digest_rows, digest_targets
from hf_lstm.training.loop.epochs import train
from hf_lstm.training.results import MeasuredModel, build_results, measure_saved_model
from hf_lstm.training.setup import PreparedRun, prepare_run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Holds the options of one run.

    They belong to the run, not to the recipe.
    """

    output_dir: Path
    device: str = "auto"
    command: str = ""
    """The command line, as written into results.json."""
    overwrite: bool = False
    resume: bool = False
    show_progress: bool = True
    """Whether to show progress bars, if somebody looks on."""
    measures_baseline: bool = True
    """Whether to measure what TF-IDF with logistic regression gets on the same rows."""
    in_memory: InMemorySplits | None = None
    """The rows, if they are in memory."""
    choices: CardChoices = NO_CHOICES
    """What the card says of licence and language."""
    model_class: type[LSTMSentiment] = LSTMSentiment
    """The class to build, train and measure: the model's, or a subclass with a forward pass of its own."""
    checkpoint_minutes: float = DEFAULT_MINUTES
    """Between two checkpoints. There is one at the end of an epoch, too, unless it would cost too much of the time."""
    checkpoint_steps: int | None = None
    """Steps between two checkpoints, which then are saved at the end of each epoch, too."""
    track: str | None = None
    """Shows the run while it trains: `trackio`, `tensorboard` or `wandb`."""
    launch: Launch = ALONE
    """This process among those that train together: it leads."""


def follow_run(recipe: Recipe, device: str, processes: Processes) -> None:
    """Help the leading process to train, which runs `run_in_folder`; nothing is written or said here.

    Raises:
        InputError: the data or a setting is unusable.
        DivergenceError: training diverged.
        LostProcessError: another process ended before its time.
    """
    with denormals_flushed(), dataset_bars(shown=False), processes.connected():
        if not processes.share(value=False):  # the run may be finished already
            return
        run = prepare_run(recipe, resolve_device(find_device(device, processes.launch)), model_class=LSTMSentiment)
        processes.require_same({"rows": digest_rows(run), "targets": digest_targets(run.learned)})
        _train(run, processes, Session(), show_progress=False)


def _train(run: PreparedRun, processes: Processes, session: Session, *, show_progress: bool) -> list[Epoch]:
    return train(
        run.model,
        run.learned,
        run.encoded["validation"],
        run.recipe.train,
        unlabeled=run.unlabeled,
        show_progress=show_progress,
        session=session,
        processes=processes,
    )


def run_experiment(recipe: Recipe, options: RunOptions) -> RunResults:
    """Claim the output folder, and run a recipe in it: see `run_in_folder`."""
    with claim_output_folder(options.output_dir, overwrite=options.overwrite, resume=options.resume) as folder:
        return run_in_folder(recipe, options, folder)


def run_in_folder(recipe: Recipe, options: RunOptions, folder: OutputFolder) -> RunResults:
    """Train a recipe, save and measure the model, and return its results.

    Measured is exactly what was saved. A run that ends early is left to be resumed if it had a checkpoint.

    Args:
        recipe: what to run.
        options: how to.
        folder: where to, claimed for this run. An unfinished run in it is resumed; of a finished one the results are
            returned.

    Raises:
        InputError: the data, a setting or the output folder is unusable, or differs from that of the run to resume.
        StorageError: the disk is full or fails.
        DivergenceError: training diverged.
    """
    processes = Processes(options.launch)
    if (results := read_finished(folder, RunResults)) is not None:
        processes.dismiss()
        return results
    show_progress = options.show_progress and can_show_bars()
    with denormals_flushed(), dataset_bars(show_progress), contextlib.ExitStack() as stack:
        device = resolve_device(find_device(options.device, options.launch))
        code = describe_code()  # now: a later commit is not the code that runs
        settings = recipe.settings_to_json()
        session = open_session(
            folder,
            settings,
            describe_machine(recipe, device) | {"code": code},
            every_minutes=options.checkpoint_minutes,
            every_steps=options.checkpoint_steps,
        )
        tracking = stack.enter_context(tracked(session, options.track, folder, strip_recipe(recipe.to_json())))
        with processes.connected():
            processes.share(value=True)
            run = prepare_run(recipe, device, model_class=options.model_class, in_memory=options.in_memory)
            _check_rows(run, folder, processes)
            epochs = _train(run, processes, session, show_progress=show_progress)
        with folder.fill() as staging:
            results, report_error = _save_and_measure(run, epochs, session, code, options, staging)
            write_file(staging / METRICS_FILE, (folder.work / METRICS_FILE).read_bytes())
        if tracking is not None:
            splits = {name: {"loss": of.loss, "accuracy": of.accuracy} for name, of in results.splits.items()}
            tracking.log_results(splits)
        if report_error is not None:
            raise report_error
        return results


def _check_rows(run: PreparedRun, folder: OutputFolder, processes: Processes) -> None:
    """Check that rows and targets are those of the run to resume, and of all processes."""
    rows, targets = digest_rows(run), digest_targets(run.learned)
    check_identity(folder.identity, {"data": rows}, must_be_equal=True)
    check_identity(folder.identity, {"targets_sha256": targets}, must_be_equal=False)
    processes.require_same({"rows": rows, "targets": targets})


def _save_and_measure(
    run: PreparedRun,
    epochs: list[Epoch],
    session: Session,
    code: dict[str, Any],
    options: RunOptions,
    folder: Path,
) -> tuple[RunResults, Exception | None]:
    """Save the model, and write what is measured of exactly what was saved.

    Returns the results, and what went wrong with the baseline or the report, as the model is worth saving all the same.
    """
    model = run.model
    weights_sha256 = write_model(folder, model.state_dict(), model.config, model.require_tokenizer())
    measured = measure_saved_model(folder, weights_sha256, run)
    results = build_results(run, epochs, measured, command=options.command, code=code, elapsed_s=session.elapsed_s)
    write_config(folder, measured.model.config)  # with the temperature
    results = _write_provenance(folder, measured.recipe, results)
    try:
        if options.measures_baseline:
            results = _add_baseline(run, measured, results, folder)
        _add_report(run, measured, results, options, folder)
    except (OSError, StorageError):  # a disk that is full has no place for the model either
        raise
    except Exception as error:
        shutil.rmtree(folder / REPORT_FOLDER, ignore_errors=True)
        return results, error
    return results, None


def _write_provenance(folder: Path, recipe: Recipe, results: RunResults) -> RunResults:
    """Write recipe and results without folders of this machine, and these into a file of their own.

    Returns the results as they were written.
    """
    recipe_json, results_json = recipe.to_json(), to_json(results)
    if places := list_places(recipe_json):
        write_json(folder / PLACES_FILE, {**places, "command": results.command})
    write_json(folder / RECIPE_FILE, strip_recipe(recipe_json, results_json))
    write_json(folder / RESULTS_FILE, stripped := strip_results(results_json))
    return read_record(RunResults, stripped, RESULTS_FILE)


def _add_baseline(run: PreparedRun, measured: MeasuredModel, results: RunResults, folder: Path) -> RunResults:
    """Add what a baseline gets on the same rows to the run's results, also to those in its folder."""
    train_split, *others = (measured.scored[name] for name in ("train", "validation", "test"))
    baseline = measure_tfidf(train_split, others, measured.model.problem, run.recipe.train.class_weights)
    if baseline is None:
        return results
    results = dataclasses.replace(results, baselines=[baseline])
    write_json(folder / RESULTS_FILE, to_json(results))
    return results


def _add_report(
    run: PreparedRun, measured: MeasuredModel, results: RunResults, options: RunOptions, folder: Path
) -> None:
    """Write the report into a folder, beside the model, then the card.

    The card shows parts of the report.
    """
    started = time.perf_counter()
    earlier_texts = {name: set(run.splits[name]["text"][:]) for name in ("train", "validation")}
    title = options.output_dir.resolve().name
    report_run(measured.model, results, measured.scored["test"], earlier_texts, folder / REPORT_FOLDER, title=title)
    write_card(
        folder,
        config=measured.model.config,
        recipe=measured.recipe,
        results=results,
        repo_id=None,
        choices=options.choices,
    )
    duration = format_duration(time.perf_counter() - started)
    logger.info("report: %s, in %s", options.output_dir / REPORT_FOLDER, duration)
