"""Draws a search: its measure by trial, and by each setting."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hf_lstm.records.search import COMPLETE, SearchFacts, TrialFacts
from hf_lstm.report.plots.canvas import BLUE, GRAY, LIGHT_GRAY, ORANGE
from hf_lstm.report.plots.names import shorten_names
from hf_lstm.searching.space import format_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUM_COLUMNS = 3
MAX_NAME_CHARACTERS = 14
MAX_CHARACTERS_SIDE_BY_SIDE = 32
"""More stand upright below the panel."""


def draw_search(facts: SearchFacts) -> "Figure":
    """Draw the measure of all trials that had an epoch: in their order, and by the value of each setting."""
    from matplotlib.figure import Figure  # slow to import, and needed here alone

    settings = [dimension.partition("=")[::2] for dimension in facts.space]
    num_rows = math.ceil((1 + len(settings)) / NUM_COLUMNS)
    figure = Figure(figsize=(3.6 * NUM_COLUMNS, 3 * num_rows + 0.4), layout="constrained")
    panels = figure.subplots(num_rows, NUM_COLUMNS, squeeze=False).flatten()
    measured = [trial for trial in facts.trials if trial.loss is not None]
    groups = [
        ("complete", BLUE, "o", [trial for trial in measured if trial.state == COMPLETE]),
        ("pruned, or stopped", GRAY, "x", [trial for trial in measured if trial.state != COMPLETE]),
    ]
    for axes in panels:
        axes.set_visible(False)
    for index, axes in enumerate(panels[: 1 + len(settings)]):
        axes.set_visible(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color=LIGHT_GRAY)
        axes.set_axisbelow(True)
        name, said = ("trial", "") if index == 0 else settings[index - 1]
        values = _place_values(axes, name, said, measured)
        for label, color, marker, trials in groups:
            heights = [_get_height(facts, trial) for trial in trials]
            axes.plot([values[trial.number] for trial in trials], heights, marker, color=color, label=label)
        axes.set_xlabel(name)
        if index % NUM_COLUMNS == 0:
            axes.set_ylabel(f"validation {facts.measure}")
    _draw_best_so_far(panels[0], facts)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _place_values(axes: "Axes", name: str, said: str, trials: Sequence[TrialFacts]) -> dict[int, float]:
    """Return where each trial stands on the axis of a setting, by its number; choices stand side by side."""
    if name == "trial":
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # type: ignore[call-arg]
        return {trial.number: trial.number for trial in trials}
    if ".." in said:
        low, _, rest = said.partition("..")
        high, _, kind = rest.partition(":")
        first, last = float(low), float(high)
        if kind == "log":
            axes.set_xscale("log")
            margin = (last / first) ** 0.04
            axes.set_xlim(first / margin, last * margin)  # all that was searched, not what was tried of it
        else:
            margin = 0.04 * (last - first)
            axes.set_xlim(first - margin, last + margin)
        return {trial.number: float(trial.settings[name]) for trial in trials}
    choices = said.split(",")
    shown = shorten_names(choices, MAX_NAME_CHARACTERS)
    fit_side_by_side = len(shown) * max(map(len, shown)) <= MAX_CHARACTERS_SIDE_BY_SIDE
    axes.set_xticks(range(len(choices)), shown, rotation=0 if fit_side_by_side else 90)
    axes.set_xlim(-0.5, len(choices) - 0.5)
    return {trial.number: choices.index(format_value(trial.settings[name])) for trial in trials}


def _draw_best_so_far(axes: "Axes", facts: SearchFacts) -> None:
    numbers, heights = [], []
    best = math.inf
    for trial in facts.trials:
        badness = facts.find_badness(trial)
        if trial.state == COMPLETE and badness is not None and badness < best:
            best = badness
            numbers.append(trial.number)
            heights.append(_get_height(facts, trial))
    if numbers:
        numbers.append(max(trial.number for trial in facts.trials))
        heights.append(heights[-1])
        axes.step(numbers, heights, where="post", color=ORANGE, label="best so far")


def _get_height(facts: SearchFacts, trial: TrialFacts) -> float:
    height = trial.loss if facts.measure == "loss" else trial.accuracy
    assert height is not None
    return height
