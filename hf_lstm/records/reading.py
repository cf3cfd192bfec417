"""Converts records to JSON and back, and checks each value read."""

import dataclasses
import reprlib
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from hf_lstm.errors import InputError

R = TypeVar("R")
MAX_SHOWN_CHARACTERS = 40


def to_json(record: Any) -> dict[str, Any]:
    """Convert a record to a JSON object.

    Fields that equal their default are left out.
    """
    return {
        field.name: _to_json_value(value)
        for field in dataclasses.fields(record)
        if (value := getattr(record, field.name)) != _find_default(field)
    }


def read_record(kind: type[R], value: object, where: str) -> R:
    """Read a record from a value of a JSON file.

    Fields that the record does not have are ignored.

    Args:
        kind: the record's dataclass.
        value: what the file holds.
        where: the file's name, for error messages.

    Raises:
        InputError: a field is missing, or has a type that no run writes; the message names its place in the file.
    """
    record: R = _read(kind, value, where)
    return record


def _to_json_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_json(value)
    if isinstance(value, dict):
        return {name: _to_json_value(each) for name, each in value.items()}
    return [_to_json_value(each) for each in value] if isinstance(value, list | tuple) else value


def _find_default(field: dataclasses.Field[Any]) -> Any:
    """Find the default of a field; `MISSING` if it has none."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _read(kind: Any, value: Any, where: str) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        (inner,) = [option for option in typing.get_args(kind) if option is not type(None)]
        return None if value is None else _read(inner, value, where)
    if dataclasses.is_dataclass(kind):
        return _read_fields(kind, _expect(value, dict, where), where)
    if typing.get_origin(kind) is list:
        (inner,) = typing.get_args(kind)
        return [_read(inner, each, f"{where}[{index}]") for index, each in enumerate(_expect(value, list, where))]
    if typing.get_origin(kind) is tuple:
        kinds, values = typing.get_args(kind), _expect(value, list, where)
        if len(values) != len(kinds):
            raise _build_error(where, f"{_show(value)} is not a list of {len(kinds)}")
        return tuple(_read(kinds[index], each, f"{where}[{index}]") for index, each in enumerate(values))
    if typing.get_origin(kind) is dict:
        _, inner = typing.get_args(kind)
        items = _expect(value, dict, where).items()
        return {name: _read(inner, each, f"{where}[{reprlib.repr(name)}]") for name, each in items}
    return _expect(value, kind, where)


def _read_fields(kind: Any, value: Mapping[str, Any], where: str) -> Any:
    kinds = typing.get_type_hints(kind)
    fields = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            fields[field.name] = _read(kinds[field.name], value[field.name], f"{where}.{field.name}")
        elif _find_default(field) is dataclasses.MISSING:
            raise _build_error(where, f"there is no {field.name}")
    return kind(**fields)


def _expect(value: Any, kind: Any, where: str) -> Any:
    fits = type(value) is kind or (kind is float and type(value) is int)
    if fits and (kind is not float or abs(value) <= sys.float_info.max):  # neither NaN nor a whole number beyond floats
        return value
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a whole number"}
    raise _build_error(where, f"{_show(value)} is not {names.get(kind, 'a finite number')}")


def _show(value: object) -> str:
    """Shorten a value of any kind to the beginning of one line."""
    return reprlib.repr(value)[:MAX_SHOWN_CHARACTERS]


def _build_error(where: str, what: str) -> InputError:
    return InputError(f"{where}: {what}; expected what a run of hf_lstm writes")
