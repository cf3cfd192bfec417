"""A recipe's whole run: prepared, trained, saved, measured and reported."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import disable_progress_bars, enable_progress_bars

from hf_lstm.config import Recipe
from hf_lstm.devices import flush_denormals, resolve_device
from hf_lstm.files import REPORT_FOLDER
from hf_lstm.hub.card import write_card
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.provenance import describe_code
from hf_lstm.report.writer import report_run
from hf_lstm.training.loop import train
from hf_lstm.training.output_folder import staged_folder
from hf_lstm.training.results import MeasuredModel, compose_results, measure_saved_model
from hf_lstm.training.setup import PreparedRun, prepare_run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What belongs to this one run rather than to the recipe."""

    output_dir: Path
    device: str = "auto"
    text_column: str | None = None
    label_column: str | None = None
    repo_id: str | None = None
    """Where the model will be pushed, for its card."""
    command: str = ""
    """The command line, as written into results.json."""
    overwrite: bool = False
    show_progress: bool = True
    model_class: type[LSTMSentiment] = LSTMSentiment
    """What is built, trained and measured: the model, or a subclass with a forward pass of its own."""


def run_experiment(recipe: Recipe, options: RunOptions) -> dict[str, Any]:
    """Train a recipe, save the model folder, measure exactly the saved weights, and return what results.json says.

    Raises:
        InputError: the data, a setting or the output folder is unusable; nothing is left behind.
        DivergenceError: training diverged; nothing is left behind.
    """
    started = time.perf_counter()
    flush_denormals()
    device = resolve_device(options.device)
    code = describe_code()  # now: what is committed while this runs is not what runs
    (enable_progress_bars if options.show_progress else disable_progress_bars)()
    with staged_folder(options.output_dir, overwrite=options.overwrite) as staging:
        run = prepare_run(
            recipe,
            device,
            text_column=options.text_column,
            label_column=options.label_column,
            model_class=options.model_class,
        )
        epochs = train(
            run.model,
            run.encoded["train"],
            run.encoded["validation"],
            recipe.train,
            show_progress=options.show_progress,
        )
        run.model.save_pretrained(staging, repo_id=options.repo_id)
        measured = measure_saved_model(staging, run)
        model = measured.model
        model.results = compose_results(run, epochs, measured, command=options.command, code=code, started=started)
        model.save_pretrained(staging, repo_id=options.repo_id)
    _add_report(run, measured, options)  # the model is safe in its place by now
    return model.results


def _add_report(run: PreparedRun, measured: MeasuredModel, options: RunOptions) -> None:
    """Write the report into the run's folder, and the card again, which shows parts of it."""
    started = time.perf_counter()
    model, folder = measured.model, options.output_dir / REPORT_FOLDER
    seen = {name: set(run.splits[name]["text"][:]) for name in ("train", "validation")}
    report_run(model, measured.scored["test"], seen, folder)
    write_card(
        options.output_dir, config=model.config, recipe=model.recipe, results=model.results, repo_id=options.repo_id
    )
    logger.info("report: %s, in %.1f s", folder, time.perf_counter() - started)
