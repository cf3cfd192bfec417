"""Write what was survived, and what tests notice, of the JSON files that the tests of faults write."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hf_lstm.markdown import format_table
from tables.measured import format_measured

_FILES = {
    "damages": "damaged model folders: values, sizes, tokenizers, special files",
    "truncations": "weights that end at an offset of their header",
    "flips": "a byte changed in the weights' header, the config or the tokenizer",
}

_WORKS = {"train": "60 steps of training", "search": "a search of three trials"}
_AREAS = {
    "checkpointing": "checkpoints, locks, logs and output folders",
    "input": "readers of files, columns, labels and settings",
    "push": "pushing to the Hub",
}


def format_reliability(root: Path) -> str:
    """Return the tables of what faults do, and of what tests notice, each row with its command.

    What was not measured yet has no row.

    Raises:
        InputError: a file is not what its script writes.
    """
    results = root / "results"
    rows = [row for file, list_rows in _TESTS.items() for row in _list_measured(results / file, list_rows)]
    table = format_table(["what", "tried", "survived", "refused in one line", "wrong", "longest", "command"], rows)
    mutants = _list_measured(results / "mutation.json", _list_mutants)
    if not mutants:
        return table
    heading = ["code", "possible changes", "drawn", "noticed by a test", "not noticed", "command"]
    return f"{table}\n\n{format_table(heading, mutants)}"


def _list_measured(path: Path, list_rows: Callable[[Any], list[list[str]]]) -> list[list[str]]:
    return format_measured(path, "what its script writes", list_rows) if path.is_file() else []


def _list_files(figures: Mapping[str, Any]) -> list[list[str]]:
    return [
        _list_row(
            what,
            figures[name],
            figures[name]["loaded"],
            figures[name]["refused"],
            f"{figures[name]['longest_s']:.2f} s",
            figures["command"],
        )
        for name, what in _FILES.items()
    ]


def _list_hub(figures: Mapping[str, Any]) -> list[list[str]]:
    times = f"{figures['longest_s']:.1f} s, with waits {1 / figures['share_of_waits']:g} times as short"
    what = "faults of the Hub, at each endpoint"
    return [_list_row(what, figures, figures["done"], figures["refused"], times, figures["command"])]


def _list_crashes(figures: Mapping[str, Any]) -> list[list[str]]:
    tried = sum(figures["runs"].values())
    what = (
        f"{_WORKS[figures.get('work', 'train')]}, killed or failed at calls that change a file "
        f"({figures['calls']:,} in all) and at random moments: what was saved is there, and is resumed to the bit"
        f"{_say_planned(tried, figures['planned'])}"
    )
    counted = {"tried": tried, "wrong": figures["wrong"]}
    return [_list_row(what, counted, tried - len(figures["wrong"]), 0, "", figures["command"])]


def _say_planned(tried: int, planned: int) -> str:
    return "" if tried == planned else f"; of {planned:,} strikes"


def _list_ranks(figures: Mapping[str, Any]) -> list[list[str]]:
    what = f"a signal to one of {figures['processes']} processes of torchrun: all end, and are resumed to the bit"
    num_survived = figures["tried"] - len(figures["wrong"])
    return [_list_row(what, figures, num_survived, 0, f"{figures['longest_s']:.1f} s", figures["command"])]


def _list_commands(figures: Mapping[str, Any]) -> list[list[str]]:
    what = (
        "a signal to `train`, `pretrain` or `search` at a random moment: what is asked to end does in under 10 s, "
        "nothing stays behind, no saved step or ended trial is done again, and what is resumed leaves the same"
    )
    num_survived = figures["tried"] - len({fault.partition(":")[0] for fault in figures["wrong"]})
    return [_list_row(what, figures, num_survived, 0, f"{figures['longest_s']:.1f} s", figures["command"])]


def _list_kills(figures: Mapping[str, Any]) -> list[list[str]]:
    kinds = ("rows_lost", "rows_doubled", "rows_changed", "labels_that_differ")
    counted = {"tried": 2, "wrong": [kind for kind in kinds if figures[kind]]}
    what = f"{figures['num_rows']:,} rows on Ray: the command is killed, and later a worker; no row lost or doubled"
    return [_list_row(what, counted, 2 if not counted["wrong"] else 0, 0, "", figures["command"])]


def _list_row(
    what: str, figures: Mapping[str, Any], num_survived: int, num_refused: int, longest: str, command: str
) -> list[str]:
    counts = (figures["tried"], num_survived, num_refused, len(figures["wrong"]))
    return [what, *(f"{count:,}" for count in counts), longest, f"`{command}`"]


def _list_mutants(figures: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            _AREAS[area],
            f"{found['mutants']:,}",
            f"{found['tried']:,}",
            f"{found['killed'] + found['timed_out']:,} ({(found['killed'] + found['timed_out']) / found['tried']:.0%})",
            f"{len(found['survived']):,}",
            f"`{figures['command']}`",
        ]
        for area, found in figures["areas"].items()
        if found["tried"]
    ]


_TESTS: Mapping[str, Callable[[Any], list[list[str]]]] = {
    "hostile_files.json": _list_files,
    "faulty_hub.json": _list_hub,
    "crash_matrix.json": _list_crashes,
    "search_crashes.json": _list_crashes,
    "killed_commands.json": _list_commands,
    "killed_ranks.json": _list_ranks,
    "ray_kills.json": _list_kills,
}
