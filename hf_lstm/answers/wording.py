"""Chooses the words of pages that answer people, by the model's labels and data: of the demo, and in the browser."""

from collections.abc import Sequence
from dataclasses import dataclass

from hf_lstm.errors import InputError
from hf_lstm.hub.cards.metadata import IMDB_SOURCES, get_data_source
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.nn.problem import MultiLabel
from hf_lstm.rows.labels import LabelMap

UNSURE_BELOW = 0.6
"""An answer that is less probable than this is no verdict."""


@dataclass(frozen=True)
class Wording:
    """Holds the page's texts for a model's labels."""

    title: str
    description: str
    placeholder: str
    """Of the field for one text."""
    button: str
    """Asks for the answer to one text."""
    label_names: tuple[str, ...]
    """As people read them, in the order of the model's labels."""
    first: int
    """Of two labels, the class id of the one that is blue."""
    examples: tuple[str, ...] = ()
    """Texts to try."""
    thresholds: tuple[float, ...] | None = None
    """The least probability with which a text has each label; None where each text has one."""

    @property
    def has_two(self) -> bool:
        """Tell whether there are two labels, one of which each text has."""
        return len(self.label_names) == 2 and self.thresholds is None

    def map_labels(self, labels: Sequence[str]) -> dict[str, str]:
        """Map the model's labels, in their order, to what people read."""
        return dict(zip(labels, self.label_names, strict=True))


def reads_film_reviews(model: LSTMSentiment) -> bool:
    """Return whether the model was trained on IMDB, or on its sample."""
    try:
        return get_data_source(model.recipe, model.results) in IMDB_SOURCES
    except InputError:  # recipe or results are damaged, without which the page still serves
        return False


def word_page(model: LSTMSentiment) -> Wording:
    """Choose the texts of a model's page."""
    thresholds = model.problem.thresholds if isinstance(model.problem, MultiLabel) else None
    return choose_wording(model.config.label_names, is_of_films=reads_film_reviews(model), thresholds=thresholds)


def choose_wording(labels: Sequence[str], *, is_of_films: bool, thresholds: Sequence[float] | None = None) -> Wording:
    """Choose the page's texts, by the model's labels and data.

    `thresholds` are those of a model whose texts have any number of labels.
    """
    if thresholds is not None:
        return _word_any_labels(
            labels, "Which labels fit the text?", "labels is, of which any number may fit,", tuple(thresholds)
        )
    ids = LabelMap.from_model(labels).find_ids(("neg", "pos")) if is_of_films else None
    if ids is not None:
        names = dict(zip(ids, ("Didn’t like it", "Liked it"), strict=True))
        return Wording(
            title="Did they like the film?",
            description="A small LSTM reads a film review, says how likely it is that its writer liked the film, and "
            "colors the words that count.",
            placeholder="Write or paste a film review; Ctrl+Enter for the answer",
            button="Did they like it?",
            label_names=(names[0], names[1]),
            first=ids[1],
            examples=(
                "A wonderful film: warm, funny and beautifully acted.",
                # These two are negative, and worded so that single words mislead.
                "I didn't hate it, but I wouldn't watch it again.",
                "I laughed a few times, but the rest of the film was just awkward and badly paced.",
            ),
        )
    return _word_any_labels(labels, "Which label fits the text?", "labels is,")


def _word_any_labels(
    labels: Sequence[str], title: str, of_labels: str, thresholds: tuple[float, ...] | None = None
) -> Wording:
    """Word the page of a model whose labels and data may be any."""
    return Wording(
        title=title,
        description=f"A small LSTM reads a text, says how likely each of its {len(labels)} {of_labels} and colors the "
        "words that count.",
        placeholder="Write or paste a text; Ctrl+Enter for the answer",
        button="Classify",
        label_names=tuple(labels),
        first=len(labels) - 1,
        thresholds=thresholds,
    )
