"""Write the table of recipes: what each is, and which settings make it."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from hf_lstm.config import Recipe
from hf_lstm.config.overrides import list_sections
from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.markdown import format_cell, format_table
from tables.package.settings import format_value

_HEADER = ("recipe", "system", "settings, beside the defaults or another recipe's")
_DEFAULTS = Recipe(name="the defaults", description="", source="")


def format_recipes(root: Path) -> str:
    """Return a row for each recipe, from the package itself."""
    rows = []
    for index, recipe in enumerate(RECIPES.values()):
        earlier = list(RECIPES.values())[:index]
        rows.append([f"`{recipe.name}`", format_cell(recipe.description), _describe(recipe, earlier)])
    return format_table(_HEADER, rows, num_texts=len(_HEADER))


def _describe(recipe: Recipe, earlier: Iterable[Recipe]) -> str:
    """Return what a recipe changes of the defaults, or of the recipe before it that is most like it."""
    nearest = min((_DEFAULTS, *earlier), key=lambda other: len(list_changes(recipe, other)))
    if len(list_changes(recipe, nearest)) > len(list_changes(recipe, _DEFAULTS)) / 2:
        nearest = _DEFAULTS
    changes = ", ".join(f"`{change}`" for change in list_changes(recipe, nearest))
    return changes if nearest is _DEFAULTS else f"`{nearest.name}` with {changes}"


def list_changes(recipe: Recipe, base: Recipe) -> list[str]:
    """Return the settings in which a recipe differs from another, as `--set` takes them."""
    return [
        f"{section}.{field.name}={format_value(value)}"
        for section, config in list_sections(recipe).items()
        for field in dataclasses.fields(config)
        if (value := getattr(getattr(recipe, section), field.name)) != getattr(getattr(base, section), field.name)
    ]
