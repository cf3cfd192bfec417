"""Summarizes samples as medians, and computes the figures.

Ratios are taken within a round, where both met the same machine.
"""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarking.harness.spec import Figure, Metric, Outcome, Section


def summarize(samples: Sequence[float]) -> dict[str, Any]:
    """Return `median`, `min`, `max` and `samples`, to six significant digits."""
    values = [round_significant(value) for value in samples]
    median = round_significant(statistics.median(samples))
    return {"median": median, "min": min(values), "max": max(values), "samples": values}


def round_significant(value: float) -> float:
    """Round to six significant digits.

    What is beyond is noise.
    """
    return float(f"{value:.6g}")


def evaluate_figure(figure: Figure, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Compute a figure, and compare it with its target.

    Returns its summary with `title`, `unit`, `target` and `is_reached`; `missing` names what it lacks.
    """
    target = {name: value for name in ("at_least", "at_most") if (value := getattr(figure, name)) is not None}
    evaluated: dict[str, Any] = {"title": figure.title, "unit": figure.unit, "target": target or None}
    metrics = [figure.of] if figure.to is None else [figure.of, figure.to]
    missing = list(dict.fromkeys(metric.contender for metric in metrics if not _find_samples(metric, outcomes)))
    if missing:
        return evaluated | {"missing": missing}
    summary = summarize(_relate(figure, outcomes))
    is_reached = summary["median"] >= target.get("at_least", -float("inf")) and summary["median"] <= target.get(
        "at_most", float("inf")
    )
    return evaluated | summary | {"is_reached": is_reached if target else None}


def describe_section(section: Section, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return a section's results for the JSON."""
    contenders = {
        name: {
            "status": outcome.status,
            "reason": outcome.reason,
            "facts": outcome.facts,
            "metrics": {metric: summarize(samples) for metric, samples in outcome.samples.items()},
        }
        for name, outcome in outcomes.items()
    }
    figures = [evaluate_figure(figure, outcomes) for figure in section.figures]
    return {"title": section.title, "settings": dict(section.settings), "contenders": contenders, "figures": figures}


def _find_samples(metric: Metric, outcomes: Mapping[str, Outcome]) -> list[float]:
    outcome = outcomes[metric.contender]
    if outcome.status != "measured":
        return []
    samples = outcome.samples.get(metric.name, [])
    if metric.or_greater is None:
        return samples
    return [max(pair) for pair in zip(samples, outcome.samples[metric.or_greater], strict=False)]


def _relate(figure: Figure, outcomes: Mapping[str, Outcome]) -> list[float]:
    values = _find_samples(figure.of, outcomes)
    if figure.relation == "sum":
        values = [sum(values)]
    elif figure.to is not None:
        pairs = zip(values, _find_samples(figure.to, outcomes), strict=False)  # one may have been stopped earlier
        values = [of / to if figure.relation == "ratio" else of - to for of, to in pairs]
    return [100 * value for value in values] if figure.unit == "%" else values
