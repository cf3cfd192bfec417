"""Write what the README says in figures: the summary, the short table of results, and three sentences on speed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarking.sections import text_to_label as names
from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.errors import InputError
from hf_lstm.markdown import format_table
from hf_lstm.shipped import CHECKOUT, PLACES
from tables.accuracy.results import RunGroup, find_groups, find_published, is_as_the_recipe
from tables.measured import format_measured, read_benchmark
from tables.speed.benchmark import format_number
from tables.speed.contenders import (  # fmt: skip
    DISTILLED_RUNS,
    FLAGSHIP_RUNS,
    LARGE_RUNS,
    SHIPPED_RUNS,
    STOPWORD_RUNS,
    TINY_RUNS,
    Contender,
    collect_contenders,
    read_num_cores,
)

SHIPPED_MODELS = {name: places[-1].relative_to(CHECKOUT) for name, places in PLACES.items()}
"""Their folders, by the files in `results/` without their seeds."""
_TIMED_AS = {
    SHIPPED_RUNS: names.POOLED,
    LARGE_RUNS: names.BF16,
    STOPWORD_RUNS: names.STOPWORD,
    DISTILLED_RUNS: names.DISTILLED,
    FLAGSHIP_RUNS: names.FLAGSHIP,
    TINY_RUNS: names.TINY,
}
"""What the benchmark calls the network of these runs."""
_MORE_RUNS = (LARGE_RUNS, DISTILLED_RUNS, *SHIPPED_MODELS)
"""Of the short table, beside the recipes that were run as they stand."""
_SHORT_NAMES = {
    names.NB_SVM: "NB-SVM on words, pairs and triples",
    names.TFIDF: "TF-IDF with logistic regression",
    names.FASTTEXT: "fastText",
}
_OURS = "ours, "
_HEADER = ("model", "test accuracy, %", "published, %", "parameters", "reviews/s")


def _name_shipped(contender: str) -> str:
    """Name a contender of the benchmark, where a sentence is about it."""
    return f"`{contender.removeprefix(_OURS)}`" if contender.startswith(_OURS) else contender


def format_summary(root: Path) -> str:
    """Return what the package beats, what beats it, and what it gives instead.

    Raises:
        InputError: a file of `root/results` is damaged, or says something else than the sentences do.
    """
    return "\n".join([_say_speed(root), _say_published(root), _say_accuracy(root), _say_instead(root)])


def _say_speed(root: Path) -> str:
    fp32, bf16, loop, keras = (
        read_figure(root, "text-to-label", f"BiLSTM, bf16 against {peer}")
        for peer in ("DistilBERT, fp32", "DistilBERT, bf16", "the packed loop", "Keras")
    )
    speed = _find(collect_contenders(root), names.BF16).reviews_per_s
    return (
        f"- **Fast.** On {_describe_cores(root)}, a BiLSTM of 2x256 units labels {_format_speed(speed)} reviews a "
        f"second, starting from raw text. That is {fp32} times as many as DistilBERT in float32, and {bf16} times as "
        f"many as DistilBERT in bfloat16. The same network is {loop} times as fast here as in the usual PyTorch loop, "
        f"and {keras} times as fast as in Keras."
    )


def _describe_cores(root: Path) -> str:
    num_cores = read_num_cores(root)
    has_amx = read_benchmark(root, lambda benchmark: "amx_bf16" in benchmark["machine"]["isa_flags"])
    return f"{num_cores} CPU cores{' (with AMX)' if has_amx else ''}"


def _say_published(root: Path) -> str:
    leads = [lead for group in find_groups(root).values() if (lead := _find_lead(group)) is not None]
    behind = [lead for lead in leads if lead < 0]
    missed = " and ".join(f"{-lead:.1f}" for lead in behind)
    ends = (
        f"{len(behind)} {'is' if len(behind) == 1 else 'are'} missed by {missed} points" if behind else "none is missed"
    )
    return (
        f"- **It reproduces published LSTMs.** Of {len(leads)} published test accuracies, {len(leads) - len(behind)} "
        f"are passed and {ends}."
    )


def _find_lead(group: RunGroup) -> float | None:
    """Return by how many points a recipe passes its published test accuracy; None where nothing is published."""
    published = find_published(group).get("test_accuracy")
    return None if published is None or not is_as_the_recipe(group) else group.mean_accuracy - published


def _say_accuracy(root: Path) -> str:
    """Return how accurate the shipped models are, and which of the others are more so than the best of them."""
    contenders = collect_contenders(root)
    groups = find_groups(root)
    shipped = {name: groups[name].mean_accuracy for name in SHIPPED_MODELS if name in groups}
    if not shipped:
        raise InputError(f"results: no run of a shipped model; expected {' or '.join(SHIPPED_MODELS)}-seed0.json")
    ours = [
        f"`{name}` ({_measure_weights(root, name):.1f} MB of weights) gets {accuracy:.1f} % right"
        for name, accuracy in shipped.items()
    ]
    peers = {"DistilBERT": (_find(contenders, names.DISTILBERT_FP32).accuracy, " (published)")}
    peers |= {_SHORT_NAMES[each.name]: (each.accuracy, "") for each in contenders if each.kind == "linear"}
    measured = [(accuracy, name, note) for name, (accuracy, note) in peers.items() if accuracy is not None]
    measured.sort(reverse=True)
    ahead = [name for accuracy, name, _ in measured if accuracy >= max(shipped.values())]
    title = f"Not yet as accurate as {' and '.join(ahead)}" if ahead else "More accurate than the usual choices"
    fastest = max(contenders, key=lambda each: each.reviews_per_s or 0)
    return (
        f"- **{title}.** On the official IMDB test, {' and '.join(ours)}. The others: "
        f"{', '.join(f'{name} {accuracy:.1f} %{note}' for accuracy, name, note in measured)}. "
        f"{_SHORT_NAMES.get(fastest.name, _name_shipped(fastest.name))} is the fastest of all. Our two have also "
        "learned from IMDB's reviews without labels, and from short texts written for them; the linear models have "
        "learned from its labeled reviews alone."
    )


def _measure_weights(root: Path, name: str) -> float:
    """Return the size of a shipped model's weights, in MB."""
    return (root / SHIPPED_MODELS[name] / "model.safetensors").stat().st_size / 1e6


def _is_official(group: RunGroup) -> bool:
    """Return whether a group was measured on the official test, which some published systems are not."""
    return group.recipe not in RECIPES or RECIPES[group.recipe].data.split == "official"


def _say_instead(root: Path) -> str:
    error = format_measured(
        root / SHIPPED_MODELS[FLAGSHIP_RUNS] / "results.json",
        "a run's results.json",
        lambda results: 100 * float(results["splits"]["test"]["calibrated_expected_calibration_error"]),
    )
    return (
        f"- **Calibrated, and it explains itself.** How sure `{FLAGSHIP_RUNS}` is and how often it is right differ by "
        f"{error:.1f} % on average on that test (expected calibration error). It shows what each word adds."
    )


def format_short_results(root: Path) -> str:
    """Return accuracy and speed of each recipe that was run as it stands, and of what people use instead.

    Raises:
        InputError: a file of `root/results` is not what writes it.
    """
    contenders = collect_contenders(root)
    groups = [group for group in find_groups(root).values() if is_as_the_recipe(group) or group.name in _MORE_RUNS]
    rows = [_format_group(group, contenders) for group in groups]
    rows += [_format_linear(root, each) for each in contenders if each.kind == "linear"]
    fastest = max(
        (_find(contenders, name) for name in (names.DISTILBERT_FP32, names.DISTILBERT_BF16)),
        key=lambda each: each.reviews_per_s or 0,
    )
    rows.append(["DistilBERT", "", f"{fastest.accuracy:g}", "", _format_speed(fastest.reviews_per_s)])
    return format_table(_HEADER, rows)


def _format_group(group: RunGroup, contenders: Sequence[Contender]) -> list[str]:
    published = find_published(group).get("test_accuracy")
    timed = _find(contenders, _TIMED_AS[group.name]).reviews_per_s if group.name in _TIMED_AS else None
    return [
        f"`{group.name}`{'' if _is_official(group) else ' *'}",
        f"**{group.mean_accuracy:.2f}**",
        "" if published is None else f"{published:g}",
        f"{next(iter(group.runs.values()))['model']['num_parameters']:,}",
        _format_speed(timed),
    ]


def _format_linear(root: Path, contender: Contender) -> list[str]:
    num_features = _count_features(root, contender.name)
    return [
        _SHORT_NAMES[contender.name],
        "" if contender.accuracy is None else f"**{contender.accuracy:.2f}**",
        "",
        "" if num_features is None else f"{num_features:,}",
        _format_speed(contender.reviews_per_s),
    ]


def _count_features(root: Path, name: str) -> int | None:
    """Return how many n-grams a linear model weighs; None where nobody counted them."""
    count: int | None = format_measured(
        root / "results" / "baselines.json",
        "what scripts/measure_baselines.py writes",
        lambda baselines: baselines["models"].get(name, {}).get("num_features"),
    )
    return count


def format_short_speed(root: Path) -> str:
    """Return three sentences: training, one review, and starting afresh.

    Raises:
        InputError: the benchmark's file is not what the benchmark writes, or lacks one of the figures.
    """
    step, epoch = (read_figure(root, section, "bf16 against the packed loop") for section in ("training-step", "epoch"))
    step_fp32 = read_figure(root, "training-step", "fp32 against the packed loop")
    latency = read_figure(root, "latency", "BiLSTM, bf16: p50")
    start, beyond = (
        read_figure(root, "cold-start", title) for title in ("ours: first prediction", "ours beyond `import torch`")
    )
    return (
        f"Against the usual PyTorch loop with packed sequences, a training step of `packed-lstm` is {step} times as "
        f"fast in bfloat16 and {step_fp32} times as fast in float32. A whole epoch is {epoch} times as fast. Labeling "
        f"one review of 250 words takes {latency} ms. A new process gives its first answer after {start} s; all but "
        f"{beyond} s of that is `import torch`."
    )


def read_figure(root: Path, section: str, title: str) -> str:
    """Return the median of one of the benchmark's figures, in words.

    Raises:
        InputError: the file is not what the benchmark writes, or lacks the figure.
    """

    def read(benchmark: Mapping[str, Any]) -> str:
        figures = {figure["title"]: figure for figure in benchmark["sections"][section]["figures"]}
        median = figures[title]["median"]
        return f"{median:,.0f}" if median >= 10 else f"{median:.2g}"

    return read_benchmark(root, read)


def _find(contenders: Iterable[Contender], name: str) -> Contender:
    return next(each for each in contenders if each.name == name)


def _format_speed(reviews_per_s: float | None) -> str:
    return "" if reviews_per_s is None else format_number(reviews_per_s)
