"""What is measured: contenders, the figures that compare them, and the sections that group both."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

INSTALL_HINT = "pip install -e '.[benchmark]'"

Answer = dict[str, Any]
"""First the facts of the preparation, by name; then, once a round, numbers by metric, with the unit in the name."""
Answers = Generator[Answer, None, None]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to do a section's work, run in a process of its own."""

    name: str
    start: Callable[..., Answers]
    """A module-level generator function: it prepares and yields facts, then does and times one repeat per `next`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Of `start`; they must pickle."""
    requires: Sequence[str] = ()
    """Top-level modules of optional peers."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of one contender."""

    contender: str
    name: str
    or_greater: str | None = None
    """Another metric, of another way to do the same work: in each round, the greater of the two counts."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A headline number: a metric, or two related round by round, and what it should reach."""

    title: str
    of: Metric
    to: Metric | None = None
    relation: Literal["ratio", "difference", "sum"] = "ratio"
    """`of / to` or `of - to` in each round, or `of` itself where there is no `to`; or the sum of `of` over rounds."""
    unit: Literal["x", "%", "s", "ms", "MB", "reviews/s"] = "x"
    """With `%`, the value is given in percent."""
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """Contenders that do the same work in interleaved rounds."""

    title: str
    contenders: Sequence[Contender]
    figures: Sequence[Figure]
    settings: Mapping[str, Any]
    """What the work consists of, for the report."""
    max_repeats: int | None = None
    """Rounds at most: one is enough for long work whose figures vary little."""


@dataclass(kw_only=True)
class Outcome:
    """What came of a contender."""

    status: Literal["measured", "not installed", "failed"] = "measured"
    reason: str | None = None
    facts: Answer = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)
    """By metric, one number a round."""
