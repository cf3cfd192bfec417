"""Loads the template of the model card, `model_card.md`."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.markdown import format_cell, format_code, format_duration, format_interval, format_percent

if TYPE_CHECKING:
    import jinja2


@functools.cache  # compiling the template takes most of the time of a card
def load_template() -> "jinja2.Template":
    """Load the template, with the filters that it names."""
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "cell": format_cell,
        "code": format_code,
        "fenced": lambda value: str(value).replace("```", "'''"),  # which would end the block
        "setting": lambda value: "none" if value is None else str(value),
        "number": lambda value: f"{int(value):,}",
        "percent": format_percent,
        "loss": lambda value: f"{float(value):.4f}",
        "interval": format_interval,
        "duration": format_duration,
    }
    return environment.from_string(_find_template().read_text(encoding="utf-8"))


def _find_template() -> Path:
    """Find the card's template.

    It is in the installed package, or at the top of the checkout that an editable install uses.
    """
    package = Path(__file__).resolve().parents[2]
    installed = package / "resources" / "model_card.md"
    return installed if installed.is_file() else package.parent / "model_card.md"
