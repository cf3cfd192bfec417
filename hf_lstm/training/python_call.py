"""Writes a call of `hf_lstm.train` down, as a run's results and card show it."""

from collections.abc import Iterable

from hf_lstm.config import Recipe
from hf_lstm.config.recipe import SECTIONS
from hf_lstm.records.places import IN_MEMORY, name_place, strip_recipe


def format_call(recipe: Recipe, names: Iterable[str]) -> str:
    """Format a call as Python code, without folders of this machine; data in memory are `...`.

    Args:
        recipe: what was trained, with all settings.
        names: of the settings that the call gave.
    """
    stripped = strip_recipe(recipe.to_json())
    values = {name: value for section in SECTIONS for name, value in stripped[section].items()}
    source = recipe.data.dataset
    data = "..." if source == IN_MEMORY else repr(name_place(source))
    return f"hf_lstm.train({', '.join([data, repr(recipe.name), *(f'{name}={values[name]!r}' for name in names)])})"
