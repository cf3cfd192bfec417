"""Checks of settings, in the terms of their annotations."""

import difflib
import math
import types
import typing
from collections.abc import Iterable
from typing import Any, Literal

from hf_lstm.errors import InputError


def check_types(config: Any, section: str) -> None:
    """Check each value of a dataclass against its annotation; `section` goes before the names in messages.

    Annotations are bool, int, float (finite; an int will do), str, dict, Literal, or one of these or None.

    Raises:
        InputError: a value is of another type, or none of the choices.
    """
    for name, annotation in typing.get_type_hints(type(config)).items():
        kind, is_optional = split_optional(annotation)
        value = getattr(config, name)
        if value is None and is_optional:
            continue
        if typing.get_origin(kind) is Literal:
            choices = typing.get_args(kind)
            require(value in choices, f"{section}.{name}", value, f"one of {', '.join(choices)}")
        else:
            kind = typing.get_origin(kind) or kind
            fits = type(value) is kind or (kind is float and type(value) is int)
            require(fits, f"{section}.{name}", value, f"of type {kind.__name__}")
            require(kind is not float or math.isfinite(value), f"{section}.{name}", value, "finite")


def split_optional(annotation: Any) -> tuple[Any, bool]:
    """Return the type of `X | None` or `X`, and whether None is allowed."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    (kind,) = [option for option in typing.get_args(annotation) if option is not type(None)]
    return kind, True


def require(condition: bool, key: str, value: object, expected: str) -> None:
    """Raise an InputError that says what `key` is and what was expected, unless `condition` holds."""
    if not condition:
        raise InputError(f"{key} is {value!r}, but must be {expected}")


def nearest_names(name: str, known: Iterable[str]) -> str:
    """Return a hint that names what `name` was probably meant to be, or all there is."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are: {', '.join(known)}"
