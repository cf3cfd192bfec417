"""Write pictures that say in their files what they show, and read that again."""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.report.plots.canvas import write_png
from tables.speed.contenders import Panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = Path("docs") / "images"
"""Where the pictures are, below the repository's root."""
_KEYWORD = "Description"
"""Of the text inside the PNG that says what it shows."""


def save_picture(figure: "Figure", panels: Sequence[Panel], path: Path) -> None:
    """Write a picture as PNG, with what it shows as text inside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(figure, path, describe_panels(panels), num_colors=64)  # it has no color bar


def describe_panels(panels: Sequence[Panel]) -> str:
    """Return what a picture of these panels shows, as JSON."""
    shown = [
        {"machine": panel.machine, "contenders": [_round(asdict(each)) for each in panel.contenders]}
        for panel in panels
    ]
    return json.dumps(shown)


def _round(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with numbers as exact as anyone can see."""
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in values.items()}


def read_description(path: Path) -> str | None:
    """Return what a picture says that it shows; None where it says nothing, or is not there."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    texts = dict(text.split(b"\0", 1) for kind, text in _iterate_chunks(content) if kind == b"tEXt")
    found = texts.get(_KEYWORD.encode())
    return None if found is None else found.decode("latin-1")


def _iterate_chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk: https://www.w3.org/TR/png-3/#5Chunk-layout."""
    position = 8
    while position + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        yield kind, png[position + 8 : position + 8 + length]
        position += 12 + length
