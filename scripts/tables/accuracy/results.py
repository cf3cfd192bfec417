"""Write the table of results: each recipe's published figures beside those of the committed runs, over their seeds."""

import itertools
import json
import re
import shlex
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.errors import InputError
from hf_lstm.markdown import format_table
from tables.accuracy.star_classes import RUN_NAME as STAR_CLASSES

_NAME = re.compile(r"(?P<group>.+)-seed(?P<seed>\d+)\.json")
_HEADER = (
    "recipe", "test accuracy, %", "published", "validation, %", "published validation", "test loss", "parameters",
    "seconds", "computed with", "seeds",
)  # fmt: skip
_NOTE = (
    "With several seeds: mean ± standard deviation. The loss is in nats and not calibrated; the seconds are those of "
    "the whole run, from reading the data to the measured model. The last column has the number of seeds and links "
    "to each run's `results.json`. A recipe with nothing published is ours."
)


@dataclass(frozen=True)
class RunGroup:
    """The runs of one recipe under the same settings, which differ in their seeds alone."""

    name: str
    """The files' names without the seed."""
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What results.json says, by seed."""

    @property
    def recipe(self) -> str:
        """The recipe's name."""
        return str(next(iter(self.runs.values()))["recipe"])

    @property
    def mean_accuracy(self) -> float:
        """The test accuracy over the seeds, in percent."""
        return statistics.fmean(100 * run["splits"]["test"]["accuracy"] for run in self.runs.values())


def format_results(root: Path) -> str:
    """Return the table of `root/results/*-seed*.json`, in the order of the recipes, changed settings after them.

    Only runs on the standard task are in it: that on classes of stars, which tell more, has a section of its own.

    Raises:
        InputError: a file is not what a run writes, or runs that differ in more than their seeds have one name.
    """
    groups = find_groups(root).values()
    return f"{format_table(_HEADER, [_read_row(group) for group in groups])}\n\n{_NOTE}"


def find_groups(root: Path) -> dict[str, RunGroup]:
    """Return the runs on the standard task in `root/results` by name, in the order of the recipes.

    Raises:
        InputError: a file is not what a run writes, or was written by a run with another seed.
    """
    order = {name: index for index, name in enumerate(RECIPES)}
    groups = sorted(
        (group for group in read_groups(root / "results") if group.name != STAR_CLASSES),
        key=lambda group: (order.get(group.recipe, len(order)), group.recipe, group.name != group.recipe, group.name),
    )
    return {group.name: group for group in groups}


def read_groups(folder: Path) -> Iterable[RunGroup]:
    """Return the runs of a folder of `NAME-seedN.json`, grouped by NAME.

    Raises:
        InputError: a file is not what a run writes, or was written by a run with another seed.
    """
    groups: dict[str, RunGroup] = {}
    for path in sorted(folder.glob("*-seed*.json")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        try:
            results = json.loads(path.read_text(encoding="utf-8"))
            recipe, seed = results["recipe"], results["seed"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is not a run's results.json: {error!r}; copy it from the run anew") from None
        if seed != int(match["seed"]):
            raise InputError(f"{path} is of seed {seed}: rename it to {match['group']}-seed{seed}.json")
        group = groups.setdefault(match["group"], RunGroup(match["group"]))
        group.runs[seed] = results
        if recipe != group.recipe:
            raise InputError(f"{path} is of the recipe {recipe}, others of its name are of {group.recipe}: rename it")
    return groups.values()


def _read_row(group: RunGroup) -> list[str]:
    try:
        settings = {describe_settings(group, run) for run in group.runs.values()}
        if len(settings) > 1:
            raise InputError(
                f"results/{group.name}-seed*.json are of different settings: {'; '.join(sorted(settings))}"
            )
        return _format_row(group)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"results/{group.name}-seed*.json: one is not a run's results.json: {error!r}; copy it from the run anew"
        ) from None


def _format_row(group: RunGroup) -> list[str]:
    runs = group.runs.values()
    published = find_published(group)
    files = ", ".join(f"[{seed}]({group.name}-seed{seed}.json)" for seed in sorted(group.runs))

    def average(read: Callable[[Mapping[str, Any]], float], digits: int) -> str:
        return summarize([read(run) for run in runs], digits)

    return [
        describe_settings(group, next(iter(runs))),
        f"**{average(lambda run: 100 * run['splits']['test']['accuracy'], 2)}**",
        _format_published(published.get("test_accuracy")),
        average(lambda run: 100 * run["splits"]["validation"]["accuracy"], 2),
        _format_published(published.get("validation_accuracy")),
        average(lambda run: run["splits"]["test"]["loss"], 3),
        _join_distinct(f"{run['model']['num_parameters']:,}" for run in runs),
        average(lambda run: run["elapsed_s"], 0),
        _join_distinct(describe_device(run) for run in runs),
        f"{len(group.runs)}: {files}",
    ]


def find_published(group: RunGroup) -> Mapping[str, float]:
    """Return the figures to compare with: those that a warning names, or the recipe's if nothing was changed."""
    run = next(iter(group.runs.values()))
    if "warning" in run:
        return dict(run["published"])
    return RECIPES[group.recipe].published if is_as_the_recipe(group) and group.recipe in RECIPES else {}


def is_as_the_recipe(group: RunGroup) -> bool:
    """Return whether the runs changed nothing of their recipe."""
    run = next(iter(group.runs.values()))
    return "warning" not in run and group.name == group.recipe and not _list_changes(run)


def describe_settings(group: RunGroup, run: Mapping[str, Any]) -> str:
    """Return the recipe's name, with the settings that a run's command changed, or with the warning that it is."""
    if "warning" in run:
        return f"a warning: `{group.recipe}` that {run['warning']}"
    parts = []
    for option, told in (("--init-from", "from"), ("--teacher", "taught by")):
        names = _find_values(shlex.split(run["command"]), option)
        if names:
            parts.append(f"{told} {', '.join(f'`{PurePosixPath(name).name}`' for name in names)}")
    changes = _list_changes(run)
    if changes:
        parts.append(f"with {', '.join(f'`{change}`' for change in changes)}")
    return " ".join([f"`{group.recipe}`", *parts]) if parts else f"`{group.name}`"


def _list_changes(run: Mapping[str, Any]) -> list[str]:
    """Return the settings that a run's command changed; where the same data and pieces were read from is none."""
    words = shlex.split(run["command"])
    pattern = r"(?!data\.dataset=|tokenizer\.vocab=|train\.embeddings=)(data|tokenizer|model|train)\.\w+=.*"
    return [*(word for word in words if re.fullmatch(pattern, word)), *_list_new_vectors(run, words)]


def _list_new_vectors(run: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """Return the setting of pretrained vectors, without their folder, where the recipe itself has none."""
    if run["recipe"] not in RECIPES or RECIPES[run["recipe"]].train.embeddings is not None:
        return []
    given = [word.partition("=")[2] for word in words if word.startswith(("train.embeddings=", "--embeddings="))]
    given += _find_values(words, "--embeddings")
    return [f"train.embeddings={PurePosixPath(given[-1]).name}"] if given else []


def _find_values(words: Sequence[str], option: str) -> list[str]:
    """Return what a command gives an option, in its order."""
    return [value for word, value in itertools.pairwise(words) if word == option]


def describe_device(run: Mapping[str, Any]) -> str:
    """Say on what a run computed, and in which number format."""
    threads, (kind, *_) = run["num_threads"], run["device"].split(":")
    place = {"cpu": f"{threads} CPU core{'s' if threads > 1 else ''}", "cuda": "a GPU"}.get(kind, kind)
    return f"{place}, {run['precision']}"


def _format_published(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def summarize(values: list[float], digits: int) -> str:
    """Format the mean of several seeds, with their standard deviation."""
    mean = f"{statistics.fmean(values):,.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):,.{digits}f}" if len(values) > 1 else mean


def _join_distinct(texts: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(texts))
