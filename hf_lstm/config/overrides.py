"""Changes the settings of a recipe, as the command line or Python asks."""

import ast
import dataclasses
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from hf_lstm.config.checks import split_optional, suggest_names
from hf_lstm.config.data import DataConfig, join_columns
from hf_lstm.config.model import NO_WEIGHT_DEPENDS_ON, ModelSettings
from hf_lstm.config.pretrain import SET_BY_LANGUAGE_MODEL, PretrainConfig, PretrainRecipe
from hf_lstm.config.recipe import Recipe
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.config.train import TrainConfig
from hf_lstm.errors import InputError

SECTIONS: Mapping[str, type] = {
    "data": DataConfig,
    "tokenizer": TokenizerConfig,
    "model": ModelSettings,
    "train": TrainConfig,
    "pretrain": PretrainConfig,
}
"""By name, all sections that a recipe may have: of a classifier, or of a language model."""

AnyRecipe = TypeVar("AnyRecipe", Recipe, PretrainRecipe)


def override_recipe(recipe: AnyRecipe, assignments: Iterable[str]) -> AnyRecipe:
    """Apply assignments such as `train.learning_rate=3e-4` to a recipe.

    Raises:
        InputError: an assignment has another form than `section.key=value`, names an unknown setting (the message
            suggests similar names), or its value has the wrong type or is out of range.
    """
    changes: dict[str, dict[str, Any]] = {}
    sections = list_sections(recipe)
    known = [f"{section}.{f.name}" for section, cls in sections.items() for f in dataclasses.fields(cls)]
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        key = key.strip()
        if not equals:
            raise InputError(f"--set {assignment!r}: expected section.key=value, e.g. train.learning_rate=3e-4")
        if key not in known:
            raise InputError(f"--set {assignment!r}: there is no setting {key!r}; {suggest_names(key, known)}")
        section, name = key.split(".")
        changes.setdefault(section, {})[name] = _parse_value(SECTIONS[section], name, text.strip(), key)
    return _replace_settings(recipe, changes)


def change_settings(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Apply settings to a recipe, named without their section.

    So they can be keyword arguments, such as `learning_rate=3e-4`.

    Raises:
        InputError: there is no such setting (the message suggests similar names), or a value has the wrong type or is
            out of range.
    """
    section_of = find_sections(recipe)
    changes: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        if name not in section_of:
            raise InputError(f"there is no setting {name!r}; {suggest_names(name, section_of)}")
        if name == "label_column":
            value = join_columns(value)
        is_scalar = getattr(value, "ndim", None) == 0 and hasattr(value, "item")  # of NumPy or PyTorch
        changes.setdefault(section_of[name], {})[name] = value.item() if is_scalar else value
    return _replace_settings(recipe, changes)


def find_sections(recipe: Recipe | PretrainRecipe) -> dict[str, str]:
    """Return the section of each setting, by the setting's name."""
    return {field.name: name for name, kind in list_sections(recipe).items() for field in dataclasses.fields(kind)}


def list_sections(recipe: Recipe | PretrainRecipe) -> dict[str, type]:
    """List the sections that a recipe has, with what defines their settings."""
    return {name: kind for name, kind in SECTIONS.items() if hasattr(recipe, name)}


def _replace_settings(recipe: AnyRecipe, changes: Mapping[str, Mapping[str, Any]]) -> AnyRecipe:
    """Replace settings of a recipe by section and name, and note which of them a base model may determine."""
    fields: dict[str, Any] = {
        section: dataclasses.replace(getattr(recipe, section), **new) for section, new in changes.items()
    }
    if isinstance(recipe, Recipe):
        fields["given"] = tuple(dict.fromkeys((*recipe.given, *_list_determined(changes))))
    return dataclasses.replace(recipe, **fields)


def _list_determined(changes: Mapping[str, Iterable[str]]) -> list[str]:
    return [f"{section}.{name}" for section in ("tokenizer", "model") for name in changes.get(section, ())]


def may_be_determined(recipe: Recipe, searched: Iterable[str] = ()) -> bool:
    """Tell whether a model to start from may determine a setting that was given or is searched for."""
    has_base = recipe.train.base_model is not None
    return has_base and any(name.startswith(("tokenizer.", "model.")) for name in (*recipe.given, *searched))


def check_given(
    recipe: Recipe, base: ModelSettings, source: str, *, is_language_model: bool, searched: Iterable[str] = ()
) -> None:
    """Check that no setting that was given differs from what the model to start from determines.

    A classifier leaves open what no weight depends on, a language model all but embedding and LSTM.

    Args:
        recipe: its `given` names the settings.
        base: the settings of the model to start from.
        source: its name.
        is_language_model: whether it is one.
        searched: names of settings for which several values are to be tried.

    Raises:
        InputError: there is one that differs, or is searched for.
    """
    tried = set(searched)
    for given in (*recipe.given, *tried):
        section, _, name = given.partition(".")
        is_open = name not in SET_BY_LANGUAGE_MODEL if is_language_model else name in NO_WEIGHT_DEPENDS_ON
        if section not in ("tokenizer", "model") or (section == "model" and is_open):
            continue
        has = f", and has {getattr(base, name)}" if section == "model" else ""
        if given in tried or not has or getattr(recipe.model, name) != getattr(base, name):
            raise InputError(
                f"{given}: the model to start from, {source}, determines this{has}; leave the setting out, or train "
                "without --init-from (init_from)"
            )


def _parse_value(cls: type, name: str, text: str, key: str) -> Any:
    kind, is_optional = split_optional(typing.get_type_hints(cls)[name])
    if is_optional and text.lower() in ("none", "null"):
        return None
    if kind is str or typing.get_origin(kind) is Literal:
        return text
    if kind is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise InputError(f"--set {key}={text}: expected true or false")
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise InputError(f"--set {key}={text}: expected {'a whole number' if kind is int else 'a number'}")
    return value
