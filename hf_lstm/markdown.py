"""Tables and figures as Markdown and as text."""

import re
from collections.abc import Sequence

_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1b\x7f]")
"""Characters that turn the direction of the text after them, which ends only with the paragraph, and control codes."""


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, num_texts: int = 1) -> str:
    """Return a Markdown table whose first `num_texts` columns are texts and whose others are numbers, to the right."""
    rule = ["---" if index < num_texts else "---:" for index in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])


def format_cell(text: object) -> str:
    """Return a text that stays within its cell of a table or its line, and is neither HTML nor Markdown.

    What turns the direction of the text around it is left out; Arabic or Hebrew does not need it. Addresses,
    which renderers would link although they are escaped, get a space of no width inside.
    """
    one_line = " ".join(_INVISIBLE.sub("", str(text)).split()).replace("&", "&amp;").replace("<", "&lt;")
    inert = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", one_line)
    inert = re.sub(
        r"^(\d+(?=[.)](?:\s|$))|(?=[-+#>]))", r"\1\\", inert
    )  # would begin a list, a heading, a quotation or a rule
    return re.sub(r"(:(?=//)|www(?=\.)|@(?=\w))", r"\1&#8203;", inert, flags=re.IGNORECASE)


def format_percent(value: float) -> str:
    """Return a share as percent with two decimals."""
    return f"{100 * value:.2f} %"


def format_interval(interval: Sequence[float]) -> str:
    """Return the low and the high end of an interval of shares, as percent."""
    low, high = interval
    return f"{100 * low:.2f} to {100 * high:.2f} %"
