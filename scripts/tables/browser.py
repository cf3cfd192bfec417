"""Write how the page for the browser compares with Python, of `results/browser.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_table
from tables.measured import format_measured


def format_browser(root: Path) -> str:
    """Return the table of `root/results/browser.json`.

    Raises:
        InputError: the file is not what `scripts/check_browser.py` writes.
    """
    return format_measured(root / "results" / "browser.json", "what scripts/check_browser.py writes", _format_browser)


def _format_browser(figures: Mapping[str, Any]) -> str:
    texts = f"{figures['num_reviews']:,} reviews and {figures['num_awkward_texts']} awkward texts"
    rows = [
        ["texts with other ids", f"{figures['texts_with_other_ids']:,}"],
        ["largest difference of a probability", f"{figures['largest_difference']:.1g}"],
        ["the page with its model", f"{figures['page_bytes'] / 1e6:.1f} MB"],
    ]
    if "load_s" in figures:
        rows.append(["until it can be asked", f"{figures['load_s']:.1f} s"])
        rows.append(["a text", f"{figures['ms_per_text']:.0f} ms"])
    return (
        f"`{figures['model']}` in Chromium {figures['chromium'].partition('.')[0]}, on {texts}, from "
        f"[`results/browser.json`](browser.json):\n\n{format_table(['what', 'measured'], rows)}"
    )
