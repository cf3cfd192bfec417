"""Checks the values of settings, and suggests names for wrong ones."""

import difflib
import math
import numbers
import reprlib
import types
import typing
from collections.abc import Iterable
from typing import Any, Literal

from hf_lstm.errors import InputError, shorten

MAX_SHOWN_CHARACTERS = 300
"""Shown of a value in an error message: a thousand labels are no line."""
_ABBREVIATED = reprlib.Repr()
_ABBREVIATED.maxdict, _ABBREVIATED.maxstring = 20, MAX_SHOWN_CHARACTERS


def check_types(config: Any, section: str) -> None:
    """Check each value of a dataclass against its annotation.

    Annotations are bool, int, float (finite; an int will do), str, dict or Literal, or one of these with `| None`.

    Args:
        config: the dataclass.
        section: stands before the names of fields in error messages.

    Raises:
        InputError: a value has another type, or is none of the choices.
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
    """Split an annotation `X` or `X | None` into `X` and whether None is allowed."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    (kind,) = [option for option in typing.get_args(annotation) if option is not type(None)]
    return kind, True


def require(condition: bool, key: str, value: object, expected: str) -> None:
    """Check a condition on the value of a setting.

    Raises:
        InputError: `condition` is false. The message names `key`, its value, and what was expected.
    """
    if not condition:
        # a dictionary of a million labels is cut before it is written out
        written = _ABBREVIATED.repr(value) if isinstance(value, dict) else repr(value)
        raise InputError(f"{key} is {shorten(written, MAX_SHOWN_CHARACTERS)}, but must be {expected}")


def require_count(key: str, value: object) -> None:
    """Require a whole number of at least 1, NumPy's included.

    Raises:
        InputError: `value` is none.
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    require(is_whole and value >= 1, key, value, "a whole number of at least 1")  # type: ignore[operator]


def require_minutes(key: str, value: object) -> None:
    """Require a finite number of minutes, more than 0.

    Raises:
        InputError: `value` is none.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    require(is_number and 0 < value < math.inf, key, value, "a number of more than 0")  # type: ignore[operator]


def suggest_names(name: str, known: Iterable[str]) -> str:
    """Suggest the known names most like a wrong one, or all of them."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are: {', '.join(known)}"
