"""Writes the README of a Space for the model that it serves, and keeps what its owner changed."""

import re
from collections.abc import Mapping

from huggingface_hub import CardData, RepoCard

from hf_lstm.edit_mark import add_edit_mark, is_unedited
from hf_lstm.errors import InputError

README_FILE = "README.md"
EXAMPLE_MODEL, EXAMPLE_SPACE, EXAMPLE_HOST = (
    "org/imdb-lstm",
    "org/imdb-lstm-demo",
    "https://org-imdb-lstm-demo.hf.space",
)
"""Their names in our README, until it is deployed."""
FILM_PHRASES: Mapping[str, str] = {
    "title: Did they like the film?": 'title: "{name}"',
    f"thumbnail: https://huggingface.co/spaces/{EXAMPLE_SPACE}/resolve/main/thumbnail.png\n": "",
    "🎬": "🔤",
    "Sentiment of film reviews, and the words behind it": "The label of a text, and the words behind it",
    "Did they like the film?": "Which label fits the text?",
    "reads a film review, says how probable it is that its writer liked the film, and": (
        "reads a text, says how probable each of its labels is, and"
    ),
    "Enter a review, or take an example:": "Enter a text:",
    "the review with its words": "the text with its words",
    "speak for a liked film": "speak for a label",
    "Paste reviews": "Paste texts",
    "its figures on test reviews, its learning curves, and its most confident mistakes": (
        "its figures on test texts, and its learning curves"
    ),
    'review = "Funny and warm, if a bit too long."': 'text = "A text to classify."',
    "predict(review,": "predict(text,",
    '"A wonderful film.\\nA waste of time."': '"A text to classify.\\nAnother text."',
    '"reviews.csv"': '"texts.csv"',
    '"review"': '"text"',
    '["A wonderful film."]': '["A text to classify."]',
    "even those that are no reviews": "even those unlike its training texts",
}
"""What our README says of a model of film reviews, and what it says of any other model, which is called {name}."""
_OUR_FIELDS = ("sdk", "sdk_version", "python_version", "app_file", "models", "preload_from_hub")
"""The fields of the README's front matter that the app needs. The others are the owner's to change."""


def render_readme(
    template: str, current: str | None, *, model_id: str, space_id: str, host: str | None, is_of_films: bool
) -> str:
    """Build the README of a Space.

    Args:
        template: our README.
        current: the README that the Space has. If somebody edited it, its text and fields stay, but for those fields
            that the app needs to be built.
        model_id: the model that the Space serves.
        space_id: `owner/name` of the Space.
        host: where the app itself is, as the Hub says.
        is_of_films: whether the model was trained on film reviews.

    Raises:
        InputError: the front matter of `current` can't be read.
    """
    names = {EXAMPLE_SPACE: space_id, EXAMPLE_MODEL: model_id, EXAMPLE_HOST: host or EXAMPLE_HOST}
    if not is_of_films:
        names |= {film: phrase.format(name=model_id.rpartition("/")[2]) for film, phrase in FILM_PHRASES.items()}
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    # All at once: a name that is put in may contain another example.
    text, fields = _split_front_matter(re.sub(longest_first, lambda found: names[found[0]], template))
    if current is None or is_unedited(current):
        return add_edit_mark(join_front_matter(fields, text))
    their_text, their_fields = _split_front_matter(current)
    return join_front_matter(their_fields | {name: fields[name] for name in _OUR_FIELDS if name in fields}, their_text)


def _split_front_matter(readme: str) -> tuple[str, dict[str, object]]:
    try:
        card = RepoCard(readme)
        return card.text, dict(card.data.to_dict())  # type: ignore[no-untyped-call]
    except Exception as error:  # the client raises errors of its YAML library
        raise InputError(f"{README_FILE} of the Space has no valid front matter: {error}") from None


def join_front_matter(fields: Mapping[str, object], text: str) -> str:
    """Write the fields of a README's front matter, and its text below."""
    return f"---\n{CardData(ignore_metadata_errors=False, **dict(fields)).to_yaml()}\n---\n\n{text.strip()}\n"
