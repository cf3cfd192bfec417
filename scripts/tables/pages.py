"""The README's computed sections: what stands between `<!-- name -->` and `<!-- /name -->`, and how to replace it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from hf_lstm.errors import InputError
from tables.estimates import format_estimates
from tables.explanations import format_explanations
from tables.precision import format_precision
from tables.results import format_results
from tables.speed import format_speed
from tables.star_classes import format_star_classes
from tables.tree import format_tree

WRITERS: Mapping[str, Callable[[Path], str]] = {
    "results": format_results,
    "estimates": format_estimates,
    "star-classes": format_star_classes,
    "explanations": format_explanations,
    "speed": format_speed,
    "precision": format_precision,
    "tree": format_tree,
}
"""What writes each section, from the repository's root folder."""


def update_sections(readme: str, root: Path) -> str:
    """Return the README with every section written anew from what `root` holds.

    Raises:
        InputError: a section's markers are not there once each, or a file that it is made of is damaged.
    """
    for name, write in WRITERS.items():
        readme = replace_section(readme, name, write(root))
    return readme


def replace_section(readme: str, name: str, content: str) -> str:
    """Return the README with `content` between the markers of the section `name`.

    Raises:
        InputError: the markers are not there, each once and in their order.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not (readme.count(start) == readme.count(end) == 1 and pattern.search(readme)):
        raise InputError(f"README.md: expected {start} and, after it, {end}, each once; put them where {name} belongs")
    return pattern.sub(lambda _: f"{start}\n{content}\n{end}", readme)
