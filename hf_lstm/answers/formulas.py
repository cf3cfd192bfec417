"""Finds cells that a spreadsheet would run as formulas, and disarms them.

Reference: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
"""

import re

_FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")


def is_formula(cell: str) -> bool:
    """Return whether a spreadsheet might run a cell as a formula.

    It starts with `=`, `+`, `-`, `@` (full-width ones included), a tab or a carriage return, maybe after blanks, and is
    no number.
    """
    return cell.lstrip(" \n").startswith(_FORMULA_STARTS) and _NUMBER.fullmatch(cell) is None


def disarm(cell: str) -> str:
    """Put an apostrophe before a cell that is a formula: by that, spreadsheets know that it is a text."""
    return f"'{cell}" if is_formula(cell) else cell
