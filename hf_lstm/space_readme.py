"""The README of a Space: our page with this Space's names in it, or its owner's page with what the app needs."""

import re
from collections.abc import Mapping

from huggingface_hub import CardData, RepoCard

from hf_lstm.errors import InputError
from hf_lstm.generated_mark import is_generated, mark_generated

README_FILE = "README.md"
EXAMPLE_MODEL, EXAMPLE_SPACE, EXAMPLE_HOST = (
    "org/imdb-lstm",
    "org/imdb-lstm-demo",
    "https://org-imdb-lstm-demo.hf.space",
)
"""What our page calls them before it is deployed."""
_OUR_FIELDS = ("sdk", "sdk_version", "python_version", "app_file", "models", "preload_from_hub")
"""Of the README's front matter: what the app needs to be built. The others are the owner's to change."""


def render_readme(template: str, current: str | None, *, model_id: str, space_id: str, host: str | None) -> str:
    """Return the Space's README.

    Args:
        template: our README.
        current: the README that the Space has. If somebody edited it, its text and fields stay, but for those fields
            that the app needs to be built.
        model_id: the model that the Space serves.
        space_id: `owner/name` of the Space.
        host: where the app itself is, as the Hub says.

    Raises:
        InputError: the front matter of `current` can't be read.
    """
    names = {EXAMPLE_SPACE: space_id, EXAMPLE_MODEL: model_id, EXAMPLE_HOST: host or EXAMPLE_HOST}
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    # All in one go: the name that is put in may hold another example.
    text, fields = _split_front_matter(re.sub(longest_first, lambda found: names[found[0]], template))
    if current is None or is_generated(current):
        return mark_generated(_join_front_matter(fields, text))
    their_text, their_fields = _split_front_matter(current)
    return _join_front_matter(their_fields | {name: fields[name] for name in _OUR_FIELDS if name in fields}, their_text)


def _split_front_matter(readme: str) -> tuple[str, dict[str, object]]:
    try:
        card = RepoCard(readme)
        return card.text, dict(card.data.to_dict())  # type: ignore[no-untyped-call]
    except Exception as error:  # the client raises errors of its YAML library
        raise InputError(f"{README_FILE} of the Space has no valid front matter: {error}") from None


def _join_front_matter(fields: Mapping[str, object], text: str) -> str:
    return f"---\n{CardData(ignore_metadata_errors=False, **dict(fields)).to_yaml()}\n---\n\n{text.strip()}\n"
