"""Write the ladder of accuracy: what each step to the shipped models gave, and what it took."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.markdown import format_percent, format_table
from tables.accuracy.results import RunGroup, describe_device, find_groups, summarize
from tables.measured import format_measured

_HEADER = ("step", "runs", "validation", "test", "training, s", "computed with")
_STEPS = {
    "lm-adversarial": "classifier from the language model, adversarial",
    "lm-adversarial-2": "the same again",
    "lm-adversarial-3": "the same a third time",
    "lm-virtual": "the same, virtual adversarial, with unlabeled texts",
    "lm-virtual-wide": "classifier from the wider one, virtual adversarial at once, each direction for itself, too",
    "lm-virtual-wide-2": "the same from the second wide one, by another seed",
    "flagship-unedited": "student of the third classifier and n-grams, no edits",
    "flagship-edited": "student of the virtual one and n-grams, 20 % edits",
    "flagship-edited-2": "the same again, 10 % edits",
    "flagship-edited-3": "the same a third time, 3 % edits",
    "flagship-typed": "student anew, 15 % edits of more kinds",
    "flagship-typed-2": "the same again, 5 % edits",
    "flagship-typed-3": "the same a third time, 5 % edits",
    "flagship-sayings": "student anew, 10 % edits of a thousand pairs, and the one before as a teacher",
    "flagship-sayings-2": "the same again, 15 % edits, two epochs",
    "flagship-adversarial": "the one of a thousand pairs against adversaries of its words, four epochs",
    "flagship-sayings-3": "the one of a thousand pairs again, taught by the wider classifier, five epochs",
    "flagship-wide": "student anew, taught by the wider classifier and the one before",
    "flagship-wide-2": "the same again, 5 % edits, four epochs",
    "flagship-long": "student anew, which reads 1,000 tokens, as its teachers",
    "flagship-halves": "the one two before again, which reads 600 and keeps its words, with halves of all texts: not "
    "to be shipped, as 313 of these were of reviews of test and validation",
    "flagship-thinned": "the same, with halves of what it may learn from alone",
    "flagship-thinned-2": "the same again, with two halves of each text, and the one before among the teachers",
    "flagship-both": "the average of these two again, taught by both wider classifiers and the one before",
    "flagship-surer": "the same again, taught by itself, with edits that are surer",
    "flagship-surer-2": "the one before that again, taught by all, with such edits",
    "flagship-facts": "the average of these three again, taught by both wider classifiers and the first of the three, "
    "no n-grams, with facts among the edits",
    "flagship": "**the shipped student**: the same again, taught by both wider classifiers and the one before, with "
    "edits of more words",
    "flagship-tiny-16": "tiny student of the third classifier, 16 units",
    "flagship-tiny-32": "tiny student of the third classifier, 32 units",
    "flagship-tiny-unedited": "tiny student of the virtual one, 24 units, two words a step",
    "flagship-tiny-edited": "the same with 15 % edits",
    "flagship-tiny-typed": "the same with edits of more kinds",
    "flagship-tiny-sayings": "tiny student anew, 20 % edits of a thousand pairs",
    "flagship-tiny-wide": "tiny student of the wider classifier's student and n-grams",
    "flagship-tiny-thinned": "the one of a thousand pairs again, which reads 600 and keeps its words, taught by the "
    "student before the shipped one and n-grams, also with halves",
    "flagship-tiny-steps": "the same anew, three words a step, from the word vectors of the one before",
    "flagship-tiny-surer": "the same again, taught by the first two students of both wider classifiers, with edits "
    "that are surer",
    "flagship-tiny": "**the shipped tiny student**: the same again, taught by both wider classifiers and the student "
    "with facts, with edits of more words",
}
"""What the steps are called, by the name of their results, in order; other runs of our recipes come after them."""
_LANGUAGE_MODELS = {
    "lm": "language model, of all texts",
    "lm-wide": "a wider one, 1,024 units, on a GPU",
    "lm-wide-2": "the same by another seed",
}
_AIMS = {"flagship": 93.8, "flagship-tiny": 91.5}
"""Test accuracy in percent that was to be reached."""


def format_ladder(root: Path) -> str:
    """Return the table of the steps in their order: language model, classifiers, students; then what stands beside.

    Raises:
        InputError: a file is not what a run, `hf-lstm pretrain` or `scripts/measure_baselines.py` writes.
    """
    results = root / "results"
    order = {name: index for index, name in enumerate(_STEPS)}
    groups = [group for group in find_groups(root).values() if _is_ours(group)]
    rows = [
        *(_describe_language_model(results / f"{name}.json", step) for name, step in _LANGUAGE_MODELS.items()),
        *map(_describe_step, sorted(groups, key=lambda group: order.get(group.name, len(order)))),
        *format_measured(results / "baselines.json", "what scripts/measure_baselines.py writes", _list_baselines),
    ]
    return format_table(_HEADER, rows, num_texts=2)


def _is_ours(group: RunGroup) -> bool:
    return group.recipe in RECIPES and RECIPES[group.recipe].source == "this package"


def _describe_language_model(path: Path, step: str) -> list[str]:
    def describe(results: Mapping[str, Any]) -> list[str]:
        forward, backward = results["epochs"][-1]["validation_perplexity"]
        perplexities = f"perplexity {forward:.1f} forward, {backward:.1f} backward"
        run = f"[`{path.stem}`]({path.name})"
        return [step, run, perplexities, "", f"{results['elapsed_s']:,.0f}", describe_device(results)]

    found: list[str] = format_measured(path, "what hf-lstm pretrain writes", describe)
    return found


def _describe_step(group: RunGroup) -> list[str]:
    runs = list(group.runs.values())
    links = ", ".join(f"[{seed}]({group.name}-seed{seed}.json)" for seed in sorted(group.runs))
    validation, test = (
        summarize([100 * run["splits"][name]["accuracy"] for run in runs], 2) + " %" for name in ("validation", "test")
    )
    if (aim := _AIMS.get(group.name)) is not None:
        test += f" (aim: {aim:g} %{', **missed**' if group.mean_accuracy < aim else ''})"
    return [
        _STEPS.get(group.name, f"beside them: `{group.name}`"),
        f"`{group.name}` {links}",
        validation,
        test,
        summarize([run["elapsed_s"] for run in runs], 0),
        " / ".join(dict.fromkeys(map(describe_device, runs))),
    ]


def _list_baselines(baselines: Mapping[str, Any]) -> list[list[str]]:
    place = f"{baselines['machine']['num_cores']} CPU cores"
    return [
        [f"beside them: {name}", "", "", format_percent(of["test"]["accuracy"]), f"{of['training_s']:,.0f}", place]
        for name, of in baselines["models"].items()
    ]
