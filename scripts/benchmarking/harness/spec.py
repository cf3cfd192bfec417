"""Defines contenders, figures to compare them, and sections of both."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

INSTALL_HINT = "pip install -e '.[benchmark]'"

Answer = dict[str, Any]
"""First the facts of the preparation, by name. Then, once a round, numbers by metric, with units in the names."""
Answers = Generator[Answer, None, None]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """Defines one way to do a section's work.

    It runs in a process of its own.
    """

    name: str
    start: Callable[..., Answers]
    """A module-level generator function: it prepares and yields facts, then does and times one repeat per `next`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Of `start`; they must pickle."""
    requires: Sequence[str] = ()
    """Top-level modules of optional peers."""
    number_format: str = "float32"
    """What it computes in. It is left out where this is emulated, which nobody would choose."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Names one metric of one contender."""

    contender: str
    name: str
    or_greater: str | None = None
    """A metric of another way to do the same work. In each round, the greater of the two counts."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Defines a headline number, and its target.

    It is a metric, or two related round by round.
    """

    title: str
    of: Metric
    to: Metric | None = None
    relation: Literal["ratio", "difference", "sum"] = "ratio"
    """In each round `of / to` or `of - to`, or `of` itself without a `to`; or the sum of `of` over all rounds."""
    unit: Literal["x", "%", "s", "ms", "MB", "reviews/s", "tokens/s"] = "x"
    """With `%`, the value is given in percent."""
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """Groups contenders of the same work, and the figures on them.

    They are measured in interleaved rounds.
    """

    title: str
    contenders: Sequence[Contender]
    figures: Sequence[Figure]
    settings: Mapping[str, Any]
    """The sizes of the work, for the report."""
    max_repeats: int | None = None
    """Rounds at most: for long work, one is enough if the figures vary little."""


@dataclass(kw_only=True)
class Outcome:
    """Holds the measurements of a contender."""

    status: Literal["measured", "not installed", "left out", "failed", "stopped"] = "measured"
    """`stopped` is who had no round within its time."""
    reason: str | None = None
    """Why it was not measured, or in fewer rounds."""
    elapsed_s: float = 0
    """Of its preparation and its rounds."""
    round_s: float = 0
    """Of its last round."""
    facts: Answer = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)
    """By metric, one number a round."""
