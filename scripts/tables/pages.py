"""Put what is computed where it belongs: between `<!-- name -->` and `<!-- /name -->` of the pages."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from hf_lstm.errors import InputError
from tables.accuracy.baselines import format_baselines
from tables.accuracy.explanations import format_explanations
from tables.accuracy.few_labels import format_few_labels
from tables.accuracy.ladder import format_ladder
from tables.accuracy.precision import format_precision
from tables.accuracy.results import format_results
from tables.accuracy.short_texts import format_short_texts
from tables.accuracy.star_classes import format_star_classes
from tables.browser import format_browser
from tables.package.commands import format_commands
from tables.package.recipes import format_recipes
from tables.package.settings import format_settings
from tables.package.tree import format_tree
from tables.reliability import format_reliability
from tables.speed.api_load import format_api_load
from tables.speed.benchmark import format_speed
from tables.speed.corpora import format_corpora, format_ray_kills
from tables.speed.demo_load import format_demo_load
from tables.speed.estimates import format_estimates
from tables.speed.plan import format_plan
from tables.speed.shards import format_shards
from tables.summary import format_short_results, format_short_speed, format_summary

Writer = Callable[[Path], str]

PAGES: Mapping[str, Mapping[str, Writer]] = {
    "README.md": {"summary": format_summary, "results": format_short_results, "speed": format_short_speed},
    "results/README.md": {
        "results": format_results,
        "ladder": format_ladder,
        "baselines": format_baselines,
        "few-labels": format_few_labels,
        "short-texts": format_short_texts,
        "estimates": format_estimates,
        "plan-avx2": format_plan,
        "star-classes": format_star_classes,
        "explanations": format_explanations,
        "speed": format_speed,
        "precision": format_precision,
        "demo-load": format_demo_load,
        "api-load": format_api_load,
        "browser": format_browser,
        "reliability": format_reliability,
        "shards": format_shards,
    },
    "scripts/README.md": {"commands": format_commands},
    "docs/architecture.md": {"tree": format_tree},
    "docs/corpora.md": {"corpus": format_corpora, "ray-kills": format_ray_kills},
    "docs/recipes.md": {"recipes": format_recipes},
    "docs/settings.md": {"settings": format_settings},
}
"""What writes each section of each page, from the repository's root folder; links lead on from the page's folder."""


def update_page(name: str, text: str, root: Path) -> str:
    """Return the text of a page with every section written anew from what `root` holds.

    Raises:
        InputError: a section's markers are not there once each, or a file that it is made of is damaged.
    """
    for section, write in PAGES[name].items():
        text = replace_section(name, text, section, write(root))
    return text


def replace_section(page: str, text: str, section: str, content: str) -> str:
    """Return the text of a page with `content` between the markers of a section.

    Raises:
        InputError: the markers are not there, each once and in their order.
    """
    start, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not (text.count(start) == text.count(end) == 1 and pattern.search(text)):
        raise InputError(f"{page}: expected {start} and, after it, {end}, each once; put them where {section} belongs")
    return pattern.sub(lambda _: f"{start}\n{content}\n{end}", text)
