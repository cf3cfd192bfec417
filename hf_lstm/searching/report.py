"""Writes what came of a search: search.json, search.md, search.png, and lines for the terminal."""

import collections
import io
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.files.writing import encode_text, write_file, write_json
from hf_lstm.markdown import align_table, format_cell, format_code, format_duration, format_percent, format_table
from hf_lstm.records.reading import to_json
from hf_lstm.records.search import BEST_FOLDER, COMPLETE, FAILED, SEARCH_FILE, SearchFacts, TrialFacts
from hf_lstm.report.plots.canvas import can_draw, save_figure
from hf_lstm.searching.folder import PAGE_FILE, PLOT_FILE
from hf_lstm.searching.plot import draw_search
from hf_lstm.searching.space import format_value

NUM_SHOWN = 10
"""Trials that the terminal shows."""


def write_search(facts: SearchFacts, folder: Path) -> None:
    """Write all that is known of a search, but for the plot, in the place of what was known before.

    Raises:
        StorageError: the disk is full or fails.
    """
    write_json(folder / SEARCH_FILE, to_json(facts))
    write_file(folder / PAGE_FILE, encode_text(format_page(facts, has_plot=can_draw())))


def write_plot(facts: SearchFacts, folder: Path) -> None:
    """Draw a search that has a result, if matplotlib is installed.

    Raises:
        StorageError: the disk is full or fails.
    """
    if can_draw() and facts.best_trial is not None:
        drawn = io.BytesIO()
        save_figure(draw_search(facts), drawn)
        write_file(folder / PLOT_FILE, drawn.getvalue())


def format_page(facts: SearchFacts, *, has_plot: bool) -> str:
    """Format search.md: the best trial, and all of them, the best first."""
    lines = [f"# Search: `{format_code(facts.recipe)}` on {format_cell(facts.dataset)}", ""]
    rows = " and ".join(f"{count:,} of {name}" for name, count in facts.num_rows.items())
    goal = "lowest loss" if facts.measure == "loss" else "highest accuracy"
    lines += [
        f"{format_counts(facts.trials)}; by the {goal} on validation, pruner `{facts.pruner}`, seed {facts.seed}. "
        f"Rows: {rows}. Test was not measured.",
        "",
        "Space: " + ", ".join(f"`{format_code(dimension)}`" for dimension in facts.space) + ".",
        "",
    ]
    if facts.best_trial is not None:
        lines += [
            f"The best is trial {facts.best_trial}: its model is in [`{BEST_FOLDER}`]({BEST_FOLDER}). This trains it "
            "again, and measures it on test:",
            "",
            "```",
            str(facts.best_command),
            "```",
            "",
            *([f"![loss or accuracy by trial, and by each setting]({PLOT_FILE})", ""] if has_plot else []),
        ]
    names = list_settings(facts)
    header = ["trial", "state", "loss", "accuracy", "epoch", "time", *(f"`{format_code(name)}`" for name in names)]
    table = [
        [cells[0], trial.state, *cells[1:5], *map(format_cell, cells[5:])]
        for trial, cells in ((trial, format_trial(trial, names)) for trial in sort_trials(facts))
    ]
    lines += [format_table(header, table, num_texts=2), ""]
    errors = [f"- Trial {trial.number}: {format_cell(trial.error)}" for trial in facts.trials if trial.error]
    return "\n".join([*lines, *(["Why trials failed:", "", *errors, ""] if errors else [])])


def format_best(facts: SearchFacts) -> str:
    """Format the best trials for the terminal."""
    names = list_settings(facts)
    shown = facts.rank()[:NUM_SHOWN]
    header = ["trial", "loss", "accuracy", "epoch", "time", *(name.partition(".")[2] for name in names)]
    return "\n".join(align_table([header, *(format_trial(trial, names) for trial in shown)]))


def describe_trial(facts: SearchFacts, trial: TrialFacts, num_trials: int) -> str:
    """Describe a trial that has ended in one line."""
    settings = " ".join(f"{name.partition('.')[2]}={format_value(value)}" for name, value in trial.settings.items())
    figures = "no epoch"
    if trial.loss is not None and trial.accuracy is not None:
        figures = f"loss {trial.loss:.4f} accuracy {trial.accuracy:.4f}"
    time = "" if trial.elapsed_s is None else f"  {format_duration(trial.elapsed_s)}"
    what = f"failed: {trial.error}" if trial.state == FAILED else figures
    mark = "" if trial.state in (COMPLETE, FAILED) else f"  ({trial.state})"
    mark = "  (best so far)" if trial.number == facts.best_trial else mark
    return f"trial {trial.number}/{num_trials}  {what}{time}{mark}  {settings}"


def format_counts(trials: Sequence[TrialFacts]) -> str:
    """Format how many trials came to which end: `30 trials, 18 complete, 12 pruned`."""
    counts = collections.Counter(trial.state for trial in trials)
    num = f"{len(trials):,} trial{'' if len(trials) == 1 else 's'}"
    return ", ".join([num, *(f"{count:,} {state}" for state, count in counts.items())])


def list_settings(facts: SearchFacts) -> list[str]:
    """List the settings that were searched for."""
    return [dimension.partition("=")[0] for dimension in facts.space]


def sort_trials(facts: SearchFacts) -> list[TrialFacts]:
    """Sort all trials: the complete ones by their measure, and then the others."""
    return [*facts.rank(), *(trial for trial in facts.trials if trial.state != COMPLETE)]


def format_trial(trial: TrialFacts, names: Sequence[str]) -> list[str]:
    """Format a trial as cells: number, loss, accuracy, epoch, time and settings."""
    return [
        str(trial.number),
        "" if trial.loss is None else f"{trial.loss:.4f}",
        "" if trial.accuracy is None else format_percent(trial.accuracy),
        "" if trial.best_epoch is None else str(trial.best_epoch),
        "" if trial.elapsed_s is None else format_duration(trial.elapsed_s),
        *(format_value(trial.settings[name]) if name in trial.settings else "" for name in names),
    ]
