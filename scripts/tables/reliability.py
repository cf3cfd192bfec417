"""Write what was survived, of `results/hostile_files.json` and `results/faulty_hub.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_table
from tables.measured import format_measured

_FILES = {
    "damages": "damaged model folders: values, sizes, tokenizers, special files",
    "truncations": "weights that end at an offset of their header",
    "flips": "a byte changed in the weights' header, the config or the tokenizer",
}


def format_reliability(root: Path) -> str:
    """Return the table of what hostile files and a faulty Hub do.

    Raises:
        InputError: a file is not what its script writes.
    """
    results = root / "results"
    rows = format_measured(results / "hostile_files.json", "what scripts/try_hostile_files.py writes", _list_files)
    rows += format_measured(results / "faulty_hub.json", "what scripts/try_faulty_hub.py writes", _list_hub)
    return format_table(["what", "tried", "harmless or survived", "refused in one line", "wrong", "longest"], rows)


def _list_files(figures: Mapping[str, Any]) -> list[list[str]]:
    return [
        _list_row(what, figures[name], figures[name]["loaded"], f"{figures[name]['longest_s']:.2f} s")
        for name, what in _FILES.items()
    ]


def _list_hub(figures: Mapping[str, Any]) -> list[list[str]]:
    times = f"{figures['longest_s']:.1f} s, with waits {1 / figures['share_of_waits']:g} times as short"
    return [_list_row("faults of the Hub, at each endpoint", figures, figures["done"], times)]


def _list_row(what: str, figures: Mapping[str, Any], num_survived: int, longest: str) -> list[str]:
    counts = (figures["tried"], num_survived, figures["refused"], len(figures["wrong"]))
    return [what, *(f"{count:,}" for count in counts), longest]
