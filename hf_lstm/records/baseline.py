"""Defines what results.json says of a baseline, a simple model that learned the same rows."""

import dataclasses

from hf_lstm.markdown import format_duration, format_percent


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BaselineFigures:
    """Says how good a baseline is on a split, beside the model on the same rows."""

    split_sha256: str
    """Hash of the rows in their order, as in metrics.json."""
    num_rows: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    """Low and high end of the 95 % interval (Wilson)."""
    only_model_right: int
    """Rows that the model gets right, and the baseline wrong."""
    only_baseline_right: int
    """Rows that the baseline gets right, and the model wrong."""
    lead: float
    """The model's accuracy minus the baseline's, -1 to 1."""
    lead_interval: tuple[float, float]
    """Low and high end of its 95 % interval, for paired rows (Bonett and Price)."""

    @property
    def model_accuracy(self) -> float:
        """Return the model's accuracy on these rows."""
        return self.accuracy + self.lead

    def describe_lead(self, name: str, subject: str = "this model") -> str:
        """Say which of both is better, and how sure that is.

        `name` is what to call the baseline, `subject` the model.
        """
        low, high = (100 * end for end in self.lead_interval)
        points = 100 * self.lead
        if low > 0:
            return f"{subject} beats {name} by {points:.1f} points (95 % interval {low:.1f} to {high:.1f})"
        if high < 0:
            return f"{subject} loses to {name} by {-points:.1f} points (95 % interval {-high:.1f} to {-low:.1f})"
        return (
            f"{subject} is not distinguishable from {name} on these rows: {points:+.1f} points "
            f"(95 % interval {low:+.1f} to {high:+.1f})"
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BaselineFacts:
    """Describes a baseline, and how good it is."""

    name: str
    library: str
    """What fitted it, with its version."""
    settings: dict[str, str]
    num_train_rows: int
    """Fewer than train has, where train is very large."""
    num_features: int
    """N-grams with a weight."""
    elapsed_s: float
    """For learning and for all answers."""
    splits: dict[str, BaselineFigures]

    def describe(self, split: str) -> str:
        """Compare it with the model, in one line."""
        figures = self.splits[split]
        return (
            f"baseline: {self.name} {format_percent(figures.accuracy)} on the same {figures.num_rows:,} {split} rows, "
            f"in {format_duration(self.elapsed_s)}; this model {format_percent(figures.model_accuracy)}: "
            f"{figures.describe_lead('the baseline', 'it')}"
        )
