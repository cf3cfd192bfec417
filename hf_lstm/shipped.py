"""Finds the models that come with the package: trained on film reviews, they work offline at once."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
CHECKOUT = _PACKAGE.parent
PLACES = {
    "flagship": (_PACKAGE / "resources" / "flagship", CHECKOUT / "space" / "model"),
    "flagship-tiny": (_PACKAGE / "resources" / "flagship_tiny", CHECKOUT / "space" / "tiny_model"),
}
"""By name, where a model lies in an installed package, and where in a checkout, if it lies elsewhere there."""


def find_shipped(name: str) -> Path:
    """Return the folder of a shipped model; where it is missing, the place that it would have."""
    return next((folder for folder in PLACES[name] if folder.is_dir()), PLACES[name][-1])


def locate_model(name: str) -> str:
    """Return the folder of the shipped model that is called so, or any other name, with `~` expanded.

    A folder of the working directory that has such a name comes first.
    """
    return str(find_shipped(name)) if name in PLACES and not Path(name).exists() else os.path.expanduser(name)


FLAGSHIP, FLAGSHIP_TINY = find_shipped("flagship"), find_shipped("flagship-tiny")
