"""What the demo calls its model and its texts: a judge of film reviews, or a classifier into whatever labels it has."""

from collections.abc import Sequence
from dataclasses import dataclass

_SENTIMENTS = ({"neg", "pos"}, {"negative", "positive"})


@dataclass(frozen=True)
class Wording:
    """The texts of the page that depend on the model's labels."""

    title: str
    description: str
    examples: tuple[str, ...]
    """Texts to try."""


def choose_wording(labels: Sequence[str]) -> Wording:
    """Return the wording for a model's labels: of film reviews if they are negative and positive."""
    if {label.lower() for label in labels} in _SENTIMENTS:
        return Wording(
            title="Sentiment of a film review",
            description="A small LSTM reads a review, says how probable it is that its writer liked the film, and "
            "shows which words count.",
            examples=(
                "A wonderful film: warm, funny and beautifully acted.",
                # These two are negative, and worded so that single words mislead.
                "I didn't hate it, but I wouldn't watch it again.",
                "I laughed a few times, but the rest of the film was just awkward and badly paced.",
            ),
        )
    return Wording(
        title="Text classification",
        description=f"A small LSTM reads a text, says how probable each of its {len(labels)} labels is, and shows "
        "which words count.",
        examples=(),
    )
