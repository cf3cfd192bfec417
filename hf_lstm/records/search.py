"""Defines the contents of search.json."""

import dataclasses
from typing import Any

from hf_lstm.errors import InputError
from hf_lstm.records.results import Epoch

SEARCH_FILE = "search.json"
BEST_FOLDER = "best"
"""Beside that file: the best trial's model."""
COMPLETE, PRUNED, FAILED, UNFINISHED = "complete", "pruned", "failed", "unfinished"
"""What can become of a trial. An unfinished one goes on when the search is resumed."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrialFacts:
    """Describes one run of a search."""

    number: int
    """Counted from 1."""
    state: str
    settings: dict[str, Any]
    """Those that the search has chosen, by names such as `train.learning_rate`."""
    epochs: list[Epoch] = dataclasses.field(default_factory=list)
    best_epoch: int | None = None
    loss: float | None = None
    """On validation, in nats, after the best epoch; None before the first."""
    accuracy: float | None = None
    """On validation after the same epoch, from 0 to 1."""
    elapsed_s: float | None = None
    error: str | None = None
    """Why it failed."""
    weights_sha256: str | None = None
    """Of its model, if it was the best one when it ended."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SearchFacts:
    """Describes a search and all its trials, as search.json has them."""

    recipe: str
    command: str
    dataset: str
    num_rows: dict[str, int]
    """Of the splits that were read: train and validation."""
    measure: str
    """Which figure on validation is to be as good as can be: `loss` or `accuracy`."""
    space: list[str]
    """A setting each, as `--space` takes it."""
    pruner: str
    seed: int
    device: str
    num_threads: int
    versions: dict[str, str]
    commit: str | None
    trials: list[TrialFacts]
    best_trial: int | None = None
    best_command: str | None = None
    """Trains the best trial again, and measures it on test: to the bit on a machine like this, with as many threads."""

    def rank(self) -> list[TrialFacts]:
        """List the trials that were not broken off, the best first."""
        complete = [trial for trial in self.trials if trial.state == COMPLETE]
        return sorted(complete, key=lambda trial: self.find_badness(trial) or 0.0)

    def require_best(self) -> TrialFacts:
        """Return the best trial.

        Raises:
            InputError: none was finished.
        """
        if ranked := self.rank():
            return ranked[0]
        errors = [trial.error for trial in self.trials if trial.error is not None]
        hint = f"the last one failed: {errors[-1]}" if errors else "go on with --resume (resume=True in Python)"
        raise InputError(f"no trial was finished; {hint}")

    def find_badness(self, trial: TrialFacts) -> float | None:
        """Return a figure of a trial that is lower the better it is; None if it was not measured."""
        figure = trial.loss if self.measure == "loss" else trial.accuracy
        return figure if figure is None or self.measure == "loss" else -figure
