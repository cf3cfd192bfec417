"""Formats tables and figures as Markdown and as text."""

import re
from collections.abc import Sequence

_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1b\x7f]")
"""Control codes, and characters that change the direction of all text until the paragraph ends."""
MAX_CODE_CHARACTERS = 200


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, num_texts: int = 1) -> str:
    """Format a Markdown table.

    The first `num_texts` columns hold texts. The others hold numbers, and are aligned to the right.
    """
    rule = ["---" if index < num_texts else "---:" for index in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])


def align_table(table: Sequence[Sequence[str]]) -> list[str]:
    """Align a table as text: its first column to the left, others to the right."""
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    aligned = [[cell.rjust(width) for cell in column] for column, width in zip(columns, widths, strict=True)]
    aligned[0] = [cell.ljust(widths[0]) for cell in columns[0]]
    return ["  ".join(row).rstrip() for row in zip(*aligned, strict=True)]


def format_cell(text: object) -> str:
    """Escape a text for a cell of a table, or a line.

    It becomes one line without HTML or Markdown. Characters that change the direction of the text around them are left
    out; Arabic and Hebrew do not need them. Addresses get a space of no width inside: renderers link escaped ones, too.
    """
    one_line = " ".join(_INVISIBLE.sub("", str(text)).split()).replace("&", "&amp;").replace("<", "&lt;")
    inert = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", one_line)
    inert = re.sub(
        r"^(\d+(?=[.)](?:\s|$))|(?=[-+#>]))", r"\1\\", inert
    )  # would begin a list, a heading, a quotation or a rule
    return re.sub(r"(:(?=//)|www(?=\.)|@(?=\w))", r"\1&#8203;", inert, flags=re.IGNORECASE)


def format_code(text: object) -> str:
    """Shorten a text to what stands between two backticks of a line, where nothing but these has a meaning."""
    return " ".join(_INVISIBLE.sub("", str(text)).split()).replace("`", "'")[:MAX_CODE_CHARACTERS]


def format_percent(value: float) -> str:
    """Format a share as percent, with two decimals."""
    return f"{100 * value:.2f} %"


def format_duration(seconds: float) -> str:
    """Format a time: `3.2 s`, `2 min 5 s`, `1 h 12 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def format_interval(interval: Sequence[float]) -> str:
    """Format an interval of shares as percent."""
    low, high = interval
    return f"{100 * low:.2f} to {100 * high:.2f} %"
