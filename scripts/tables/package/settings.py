"""Write the tables of settings: each field of the config dataclasses with its default and its doc."""

import ast
import dataclasses
import inspect
import itertools
import typing
from pathlib import Path
from typing import Any, Literal

from hf_lstm.config.checks import split_optional
from hf_lstm.config.overrides import SECTIONS
from hf_lstm.markdown import format_table

_HEADER = ("`--set`", "default", "values", "what it does")
_KINDS = {bool: "`true`, `false`", int: "whole number", float: "number", str: "text"}


def format_settings(root: Path) -> str:
    """Return a table for each section of `--set`, from the package itself."""
    return "\n\n".join(_format_section(name, config) for name, config in SECTIONS.items())


def _format_section(section: str, config: type) -> str:
    docs = read_field_docs(config)
    annotations = typing.get_type_hints(config)
    rows = [
        [
            f"`{section}.{field.name}`",
            f"`{format_value(field.default)}`",
            _describe_values(annotations[field.name]),
            docs.get(field.name, "").replace("|", "\\|"),
        ]
        for field in dataclasses.fields(config)
    ]
    summary = (inspect.getdoc(config) or "").partition("\n")[0]
    return f"### `{section}`\n\n{summary}\n\n{format_table(_HEADER, rows, num_texts=len(_HEADER))}"


def read_field_docs(config: type) -> dict[str, str]:
    """Return the strings that stand below the fields of a dataclass, by field, in one line each."""
    (definition,) = ast.parse(inspect.getsource(config)).body
    assert isinstance(definition, ast.ClassDef)
    docs = {}
    for field, below in itertools.pairwise(definition.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(ast.Constant(str() as doc)):
                    docs[field.target.id] = " ".join(doc.split())
    return docs


def format_value(value: object) -> str:
    """Return a value as `--set` takes it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _describe_values(annotation: Any) -> str:
    kind, is_optional = split_optional(annotation)
    values = ", ".join(f"`{choice}`" for choice in typing.get_args(kind)) if typing.get_origin(kind) is Literal else ""
    return (values or _KINDS[kind]) + (", `none`" if is_optional else "")
