"""Lists all recipes by name: published systems and our own."""

from collections.abc import Mapping

from hf_lstm.config.checks import suggest_names
from hf_lstm.config.recipe import Recipe
from hf_lstm.config.recipes.ours import DISTILLED_BILSTM, OUR_RECIPES
from hf_lstm.config.recipes.published import PUBLISHED_RECIPES
from hf_lstm.errors import InputError

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in (*OUR_RECIPES, *PUBLISHED_RECIPES)}
DEFAULT_RECIPE = DISTILLED_BILSTM.name


def get_recipe(name: str) -> Recipe:
    """Return the recipe called `name`.

    Raises:
        InputError: there is none; the message suggests similar names.
    """
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}; {suggest_names(name, RECIPES)}")
    return RECIPES[name]
