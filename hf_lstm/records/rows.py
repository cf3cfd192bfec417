"""Defines what results.json says of rows that harm a run, or the trust in its figures."""

import dataclasses

MIN_ROWS_OF_LABEL = 10
"""A label with fewer rows of train can hardly be learned."""
_MAX_NAMED = 5
"""Labels that a sentence names."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Contradiction:
    """Counts the rows of a split whose text stands there with other labels, too."""

    num_rows: int
    example_rows: list[int]
    """Numbers of two of them in the source, counted from 1."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RowFindings:
    """Counts rows to know of, by split; what is not there is left out."""

    empty_texts: dict[str, int] = dataclasses.field(default_factory=dict)
    """Rows without a text, or with white space alone."""
    contradictions: dict[str, Contradiction] = dataclasses.field(default_factory=dict)
    small_labels: dict[str, int] = dataclasses.field(default_factory=dict)
    """Rows of train, for each label with fewer than `MIN_ROWS_OF_LABEL`."""
    only_labels: dict[str, str] = dataclasses.field(default_factory=dict)
    """The label of all rows, for each split that has no other."""

    def describe(self) -> list[str]:
        """Describe each finding in one sentence, without a full stop."""
        lines = [
            f"{num_rows:,} {'text' if num_rows == 1 else 'texts'} of {split} {'is' if num_rows == 1 else 'are'} empty"
            for split, num_rows in self.empty_texts.items()
        ]
        if self.small_labels:
            named = [f"{name!r} ({num_rows})" for name, num_rows in list(self.small_labels.items())[:_MAX_NAMED]]
            num_others = len(self.small_labels) - len(named)
            others = f" and {num_others} more" if num_others else ""
            which = f"fewer than {MIN_ROWS_OF_LABEL} rows of train: {', '.join(named)}{others}"
            have = "1 label has" if len(self.small_labels) == 1 else f"{len(self.small_labels)} labels have"
            lines.append(f"{have} {which}; it takes more to learn and to measure a label")
        lines += [f"all rows of {split} are {label!r}: this says little" for split, label in self.only_labels.items()]
        lines += [
            f"{found.num_rows} rows of {split} have a text that stands there with another label, too, such as rows "
            f"{' and '.join(map(str, found.example_rows))} of the data: one label of them is wrong"
            for split, found in self.contradictions.items()
        ]
        return lines
