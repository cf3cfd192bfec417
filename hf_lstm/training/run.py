"""Runs a recipe from set-up to report, also from Python."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path

import datasets  # noqa: F401  # first of all that [train] installs, so that this is what is said to be missing

from hf_lstm.config import Recipe
from hf_lstm.data.comparison import check_rows
from hf_lstm.distributed.processes import Processes, find_device
from hf_lstm.files.names import METRICS_FILE
from hf_lstm.files.writing import write_file
from hf_lstm.progress import can_show_bars, dataset_bars
from hf_lstm.provenance import describe_code
from hf_lstm.records.places import strip_recipe
from hf_lstm.records.results import Epoch, RunResults
from hf_lstm.runtime.devices import denormals_flushed, resolve_device
from hf_lstm.storage.identity import check_identity
from hf_lstm.storage.output_folder import OutputFolder, claim_output_folder
from hf_lstm.storage.session import Session, open_session, read_finished
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.tracking.tracked import tracked
from hf_lstm.tracking.trackers import check_tracker
from hf_lstm.training.facts import describe_machine, digest_rows, digest_targets, digest_vocabulary
from hf_lstm.training.loop.epochs import train
from hf_lstm.training.options import RunOptions
from hf_lstm.training.saving import save_and_measure
from hf_lstm.training.setup import PreparedRun, prepare_run


def follow_run(recipe: Recipe, device: str, processes: Processes, output_dir: Path) -> None:
    """Help the leading process to train, which runs `run_in_folder` in a folder; nothing is written or said here.

    Raises:
        InputError: the data or a setting is unusable.
        DivergenceError: training diverged.
        LostProcessError: another process ended before its time.
    """
    with denormals_flushed(), dataset_bars(shown=False), processes.connected():
        if not processes.share(value=False):  # the run may be finished already
            return
        kept = KeptAnswers.of_another(OutputFolder(output_dir).kept_answers)
        device_here = resolve_device(find_device(device, processes.launch))
        run = prepare_run(recipe, device_here, kept=kept)
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
    check_tracker(options.track)
    processes = Processes(options.launch)
    check_data = functools.partial(check_rows, folder.path, recipe, options.in_memory)
    if (results := read_finished(folder, RunResults, recipe.asked_to_json(), check_data)) is not None:
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
        shown = strip_recipe(recipe.to_json())
        tracking = stack.enter_context(tracked(session, options.track, folder, shown, shown_as=options.shown_as))
        with processes.connected():
            processes.share(value=True)
            kept = KeptAnswers(folder.kept_answers)
            run = prepare_run(recipe, device, model_class=options.model_class, in_memory=options.in_memory, kept=kept)
            _check_rows(run, folder, processes)
            epochs = _train(run, processes, session, show_progress=show_progress)
        with folder.fill() as staging:
            results, report_error = save_and_measure(run, epochs, session, code, options, staging)
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
    causes = {  # what decides token ids stands before them, so that what differs first is why all else does
        "texts_and_labels_sha256": run.splits.rows_sha256,
        "unlabeled_sha256": run.unlabeled_sha256,
        "vocabulary_sha256": digest_vocabulary(run),
    }
    check_identity(folder.identity, {**causes, "data": rows}, must_be_equal=True)
    check_identity(folder.identity, {"targets_sha256": targets}, must_be_equal=False)
    processes.require_same({"rows": rows, "targets": targets})
