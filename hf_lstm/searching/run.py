"""Runs a search in its folder: asks for settings, trains them, and keeps what came of each."""

import contextlib
import dataclasses
import gc
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import optuna
import torch
from optuna.trial import Trial, TrialState

from hf_lstm.config import Recipe
from hf_lstm.config.overrides import override_recipe
from hf_lstm.data.loading import load_splits
from hf_lstm.data.splits import Splits
from hf_lstm.errors import DivergenceError, InputError, NonFiniteError, StorageError, shorten
from hf_lstm.progress import can_show_bars, dataset_bars
from hf_lstm.provenance import describe_code
from hf_lstm.records.search import FAILED, SearchFacts, TrialFacts
from hf_lstm.runtime.devices import denormals_flushed, resolve_device
from hf_lstm.searching.folder import SearchFolder
from hf_lstm.searching.report import describe_trial, write_plot, write_search
from hf_lstm.searching.space import Space, Value, format_assignments
from hf_lstm.searching.study import ERROR, WEIGHTS, Study
from hf_lstm.searching.trial import (
    Conditions,
    TimeIsUpError,
    counting_starts,
    measure_trial,
    run_trial,
    save_model,
)
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.storage.checkpoints import DEFAULT_MINUTES
from hf_lstm.storage.identity import check_identity
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.tracking.trackers import check_tracker
from hf_lstm.training.bases.loading import Base, load_base_model
from hf_lstm.training.completion import complete_data
from hf_lstm.training.facts import describe_machine

logger = logging.getLogger(__name__)

NUM_HOPELESS = 3
"""If so many first trials fail alike, so will the others."""
MAX_ERROR_CHARACTERS = 300


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """Holds the options of a search. They may be others when it is resumed, but for the pruner."""

    num_trials: int
    """Trials in all, those of earlier starts included."""
    name_best: Callable[[Mapping[str, Value]], str]
    """Writes down what trains some settings again."""
    minutes: float | None = None
    """After which the trial that runs is saved and stopped."""
    pruner: str = "median"
    device: str = "auto"
    command: str = ""
    show_progress: bool = True
    in_memory: InMemorySplits | None = None
    checkpoint_minutes: float = DEFAULT_MINUTES
    track: str | None = None
    shown_as: Path | None = None
    """The folder that a tracker names the trials after, and writes beside, if that is not the search's."""


def search_in_folder(recipe: Recipe, space: Space, options: SearchOptions, folder: SearchFolder) -> SearchFacts:
    """Run a search, or go on with it, and return all that came of it.

    The best trial's model is in `folder.best`. Test is not measured.

    Args:
        recipe: whose settings are searched for; `train.best_by` is the measure.
        space: the settings, and the values to try.
        options: how.
        folder: where to, claimed for this search.

    Raises:
        InputError: the data or a setting is unusable, or differs from that of the search to resume; or the first trials
            all fail alike.
        StorageError: the disk is full or fails.
    """
    started_s = time.monotonic()
    check_tracker(options.track)
    with denormals_flushed(), dataset_bars(options.show_progress and can_show_bars()):
        device = resolve_device(options.device)
        folder.make_study_folder()
        written = [str(dimension) for dimension in space]
        check_identity(
            folder.identity,
            {"settings": recipe.settings_to_json(), "search": {"space": written, "pruner": options.pruner}},
            must_be_equal=True,
        )
        code = describe_code()
        check_identity(folder.identity, describe_machine(recipe, device) | {"code": code}, must_be_equal=False)
        base = None if recipe.train.base_model is None else load_base_model(recipe.train.base_model)
        recipe, splits = _load_rows(recipe, base, options.in_memory)
        check_identity(folder.identity, {"data": {"rows_sha256": splits.rows_sha256}}, must_be_equal=True)
        conditions = Conditions(
            splits=splits,
            device=device,
            deadline_s=float("inf") if options.minutes is None else started_s + 60 * options.minutes,
            checkpoint_minutes=options.checkpoint_minutes,
            track=options.track,
            shown_as=options.shown_as or folder.path,
            show_progress=options.show_progress and can_show_bars(),
            kept=KeptAnswers(folder.kept_answers),
        )
        study = Study(
            folder.journal,
            space,
            measure=recipe.train.best_by,
            pruner=options.pruner,
            num_epochs=recipe.train.num_epochs,
            seed=recipe.train.seed,
        )
        model = recipe.model if base is None else base.complete_network(recipe.model, recipe.given)
        unchanged = dataclasses.replace(recipe, model=model)
        study.propose({dimension.setting: _read_setting(unchanged, dimension.setting) for dimension in space})
        facts = SearchFacts(
            recipe=recipe.name,
            command=options.command,
            dataset=recipe.data.dataset,
            num_rows={name: len(splits[name]) for name in ("train", "validation")},
            measure=recipe.train.best_by,
            space=written,
            pruner=options.pruner,
            seed=recipe.train.seed,
            device=str(device),
            num_threads=torch.get_num_threads(),
            **code,
            trials=[],
        )
        return _run_trials(recipe, study, facts, options, conditions, folder)


def _load_rows(recipe: Recipe, base: Base | None, in_memory: InMemorySplits | None) -> tuple[Recipe, Splits]:
    """Load the rows of all trials, as the model to start from was told of them; return the recipe with that."""
    if base is not None:
        recipe = complete_data(recipe, base, in_memory)
    return recipe, load_splits(recipe.data, in_memory)


def _read_setting(recipe: Recipe, setting: str) -> Value:
    section, name = setting.split(".")
    value: Value = getattr(getattr(recipe, section), name)
    return value


def _run_trials(
    recipe: Recipe,
    study: Study,
    facts: SearchFacts,
    options: SearchOptions,
    conditions: Conditions,
    folder: SearchFolder,
) -> SearchFacts:
    """Run trials until there are enough, or the time is over; what is known is written after each."""
    begun = study.begun
    folder.keep_trial(None if begun is None else begun.number + 1)  # a process may have died while it removed others
    try:
        while study.num_ended < options.num_trials and time.monotonic() < conditions.deadline_s:
            trial, settings = study.ask()
            _run_one(recipe, study, trial, settings, conditions, folder)
            folder.keep_trial(None)
            told = _tell(facts, study, options, folder)
            logger.info("%s", describe_trial(told, told.trials[trial.number], options.num_trials))
            _refuse_hopeless(told.trials)
    except TimeIsUpError:
        logger.info("the time is over: the trial that runs can be resumed")
    finally:
        told = _tell(facts, study, options, folder)
    if study.num_ended >= options.num_trials:
        folder.drop_answers()
    write_plot(told, folder.path)
    return told


def _run_one(
    recipe: Recipe,
    study: Study,
    trial: Trial,
    settings: Mapping[str, Value],
    conditions: Conditions,
    folder: SearchFolder,
) -> None:
    """Run a trial, keep its model if it is the best one, and then tell the study what came of it.

    In this order nothing is lost when the process dies: a trial that the study knows nothing of is resumed.

    Raises:
        TimeIsUpError: the time is over; the trial can be resumed.
        StorageError: the disk is full or fails.
    """
    place = folder.name_trial(trial.number + 1)
    try:
        with counting_starts(trial, place):
            with _quiet_log(is_first=trial.number == 0):
                chosen = override_recipe(recipe, format_assignments(settings))
                run, epochs = run_trial(chosen, trial, place, conditions)
                value = measure_trial(epochs, recipe.train.best_by)
                if study.is_best(value):
                    trial.set_user_attr(WEIGHTS, save_model(run, folder.best))
            study.tell(trial, TrialState.COMPLETE, value)
    except optuna.TrialPruned:  # which is told already
        pass
    except (StorageError, OSError, TimeIsUpError):
        raise
    except Exception as error:  # these settings failed; others may not
        is_said = isinstance(error, InputError | DivergenceError | NonFiniteError)
        said = str(error) if is_said else f"{type(error).__name__}: {error}"
        trial.set_user_attr(ERROR, shorten(" ".join(said.split()), MAX_ERROR_CHARACTERS))
        study.tell(trial, TrialState.FAIL)
    gc.collect()  # before the next one needs the memory


def _tell(facts: SearchFacts, study: Study, options: SearchOptions, folder: SearchFolder) -> SearchFacts:
    """Write down all that is known of the search."""
    facts = dataclasses.replace(facts, trials=study.list_trials())
    if ranked := facts.rank():
        best = ranked[0]
        facts = dataclasses.replace(facts, best_trial=best.number, best_command=options.name_best(best.settings))
    write_search(facts, folder.path)
    return facts


def _refuse_hopeless(trials: Sequence[TrialFacts]) -> None:
    """Refuse to go on if all trials fail, and do so alike.

    Raises:
        InputError: they do.
    """
    errors = {trial.error for trial in trials}
    if len(trials) == NUM_HOPELESS and len(errors) == 1 and all(trial.state == FAILED for trial in trials):
        raise InputError(f"the first {NUM_HOPELESS} trials failed alike, so the search ends: {errors.pop()}")


@contextlib.contextmanager
def _quiet_log(*, is_first: bool) -> Iterator[None]:
    """Leave out what training says: of the first trial all but warnings, which the others would repeat."""
    package = logging.getLogger("hf_lstm")
    level = package.level
    package.setLevel(logging.WARNING if is_first else logging.ERROR)
    try:
        yield
    finally:
        package.setLevel(level)
