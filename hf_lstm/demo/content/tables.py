"""Builds the demo's read-only tables in HTML.

They scroll inside their own frame, or become cards on a phone.
"""

import html
from collections.abc import Sequence
from typing import Any

import gradio as gr

from hf_lstm.demo.content.figures import Fact, Table, format_share


def add_facts(facts: Sequence[Fact]) -> None:
    """Add figures to the page, each with what it means below it."""
    shown = "".join(
        f"<div><dd>{html.escape(fact.figure)}</dd><dt>{html.escape(fact.meaning)}</dt></div>" for fact in facts
    )
    gr.HTML(f'<dl class="facts" aria-label="The model at a glance">{shown}</dl>', apply_default_css=False)


def add_title(title: str) -> None:
    """Add the title of what stands below it."""
    gr.HTML(f'<h2 class="figures-title">{html.escape(title)}</h2>', apply_default_css=False)


def add_table(rows: Table, header: Sequence[str], *, title: str, num_long: int = 0) -> None:
    """Add a table to the page.

    Strings are shown as they are, never as HTML.

    Args:
        rows: strings, counts as int, and shares of one as float.
        header: a name for each column.
        title: what stands above the table.
        num_long: columns at the end whose texts may be broken into lines. Such a table is shown as cards on a phone;
            all other cells are one line high.
    """
    cells = [
        "".join(_build_cell(cell, name, index >= len(header) - num_long) for index, (cell, name) in enumerate(pairs))
        for pairs in (zip(row, header, strict=True) for row in rows)
    ]
    names = "".join(
        f'<th scope="col"{_number_class(cell)}>{html.escape(name)}</th>'
        for name, cell in zip(header, rows[0], strict=True)
    )
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    kind = "figures cards" if num_long else "figures"
    with gr.Column(min_width=300):  # beside each other on a wide screen, one below the other on a phone
        gr.HTML(
            f'<h2 class="figures-title">{html.escape(title)}</h2>'
            f'<div class="{kind}" tabindex="0" role="region" aria-label="{html.escape(title)}">'
            f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>",
            apply_default_css=False,
        )


def _build_cell(cell: Any, name: str, is_long: bool) -> str:
    shown = format_share(cell) if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)
    kind = ' class="long"' if is_long else _number_class(cell)
    return f'<td{kind} data-column="{html.escape(name)}">{html.escape(shown)}</td>'


def _number_class(cell: Any) -> str:
    return ' class="number"' if isinstance(cell, int | float) else ""
