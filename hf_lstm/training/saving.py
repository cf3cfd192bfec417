"""Saves what a run has trained, and measures and reports exactly that."""

import dataclasses
import logging
import shutil
import time
from pathlib import Path
from typing import Any

from hf_lstm.config import Recipe
from hf_lstm.errors import StorageError
from hf_lstm.evaluation.baseline import measure_tfidf
from hf_lstm.files.names import REPORT_FOLDER, RESULTS_FILE
from hf_lstm.files.writing import write_json
from hf_lstm.hub.cards.card import write_card
from hf_lstm.markdown import format_duration
from hf_lstm.model.folder import write_config, write_model
from hf_lstm.model.provenance import write_recipe
from hf_lstm.records.places import strip_results
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.results import Epoch, RunResults
from hf_lstm.report.writer import report_run
from hf_lstm.storage.session import Session
from hf_lstm.training.options import RunOptions
from hf_lstm.training.results import MeasuredModel, build_results, measure_saved_model
from hf_lstm.training.setup import PreparedRun

logger = logging.getLogger(__name__)


def save_and_measure(
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
        if options.writes_report:
            _add_report(run, measured, results, options, folder)
    except (OSError, StorageError):  # a disk that is full has no place for the model either
        raise
    except Exception as error:
        shutil.rmtree(folder / REPORT_FOLDER, ignore_errors=True)
        return results, error
    return results, None


def _write_provenance(folder: Path, recipe: Recipe, results: RunResults) -> RunResults:
    """Write recipe and results without folders of this machine, as `write_recipe` does.

    Returns the results as they were written.
    """
    results_json = to_json(results)
    write_recipe(folder, recipe.to_json(), results_json, command=results.command)
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
