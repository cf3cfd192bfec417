"""Takes the folders of this machine out of what a run writes.

Recipe, results and command name data, models and vectors of this machine by their last name alone. Where these lie is
kept in `local.json`, for this machine, and is never published.
"""

import glob
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hf_lstm.files.names import expand_home

IMDB, SAMPLE = "stanfordnlp/imdb", "sample"
IN_MEMORY = "data in memory"
"""What a recipe calls rows that were passed from Python. They can't be loaded again by a name."""
IMDB_ROWS_SHA256 = "7bf516097e4f0f1d3d537249e86404a19495135ac6d3479d4691e59e7be75aea"
SAMPLE_ROWS_SHA256 = "7d0f9a64f47804a999cbc490e6d8c0a974ad7c62f1573af2c71d256bb68fc071"
KNOWN_ROWS: Mapping[str, str] = {IMDB_ROWS_SHA256: IMDB, SAMPLE_ROWS_SHA256: SAMPLE}
"""The names of public data by the digest of their rows, see `data.digests.hash_rows`: it tells a local copy of them."""

_DATASET = "data.dataset"
_SETTINGS = (
    _DATASET, "data.group_file", "tokenizer.vocab", "train.embeddings", "train.init_from", "train.teachers",
    "train.unlabeled", "pretrain.unlabeled",
)  # fmt: skip
"""The settings of a recipe that may name something of this machine."""
_FILES_OF_HUB = ("tokenizer.vocab", "train.embeddings")
"""Those that may name a file of the Hub, too."""
_LISTS = ("train.teachers",)
"""Those that may name several things, with commas between."""
_OPTIONS = {
    "--dataset": _DATASET,
    "--embeddings": "train.embeddings",
    "--init-from": "train.init_from",
    "--teacher": "train.teachers",
    "--unlabeled": "train.unlabeled",
}
_DATA_SUFFIXES = (
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".txt", ".gz", ".bz2", ".xz",
    ".zst", ".zip", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods",
)  # fmt: skip
_FOLDERS = re.compile(r"(?<![^\s'\"(=,])(?:~|[A-Za-z]:)?[/\\]\S*[/\\]")
"""The folders of an absolute path within a text."""
_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
"""A word of a command line, with its quotes."""


def is_local(source: str, *, may_be_file_of_hub: bool = False) -> bool:
    """Return whether a source is on this machine, as `sources.named_sources.find_files` finds it.

    Otherwise it is the sample, or an id of the Hub, or a file of the Hub, `org/name/file`, if it may be one.
    """
    if source == SAMPLE:
        return False
    if len(split_sources(source)) > 1:
        return True
    if (
        source.startswith((".", "~", "/"))
        or "\\" in source
        or source.endswith("/")
        or os.path.exists(source)
        or glob.has_magic(source)
    ):
        return True
    is_file = source.count("/") > 1 or os.path.splitext(source)[1].lower() in _DATA_SUFFIXES
    return is_file and not (may_be_file_of_hub and "/" in source)


def is_hub_id(source: str) -> bool:
    """Return whether a source has the form of an id of the Hub, and is not on this machine."""
    return re.fullmatch(r"[\w.-]+/[\w.-]+", source) is not None and not is_local(source)


def name_place(source: str, *, may_be_file_of_hub: bool = False) -> str:
    """Return the name of a source without the folders above it, to be shown: of what is not UTF-8, each byte is a `?`.

    Ids of the Hub have none, and stay as they are.
    """
    if not is_local(source, may_be_file_of_hub=may_be_file_of_hub):
        return source
    return join_sources([take_name(part) for part in split_sources(source)]).encode(errors="replace").decode()


def join_sources(names: Sequence[str]) -> str:
    """Join the names of several files to one source of data, which `split_sources` takes apart again."""
    return names[0] if len(names) == 1 else shlex.join(names)


def split_sources(source: str) -> list[str]:
    """Split a source of data into the names of its files, as in `a.csv 'b c.csv'`. Most are one name."""
    if os.path.exists(os.path.expanduser(source)):
        return [source]
    try:
        parts = shlex.split(source)
    except ValueError:  # an apostrophe
        return [source]
    is_list = len(parts) > 1 and all(os.path.splitext(part)[1] or os.path.exists(part) for part in parts)
    return parts if is_list else [source]


def _find_place(source: str) -> str | None:
    """Return the absolute paths of a source; None if it is not here."""
    try:
        paths = [os.path.abspath(os.path.expanduser(part)) for part in split_sources(source)]
    except FileNotFoundError:  # the current folder was removed
        return None
    is_here = all(os.path.exists(path) or glob.glob(path, recursive=True) for path in paths)
    return join_sources(paths) if is_here else None


def take_name(path: str) -> str:
    """Return the last name of a path. It is never that of the sample."""
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    if name in ("", ".", "..", "~"):
        name = expand_home(path).resolve().name or "folder"
    return f"{name} (local)" if name == SAMPLE else name


def list_places(recipe: Mapping[str, Any]) -> dict[str, str]:
    """List where the things of this machine lie that a recipe names.

    They are absolute paths, by the name of their setting.
    """
    found = {setting: _read(recipe, setting) for setting in _SETTINGS}
    return {
        setting: place
        for setting, source in found.items()
        if isinstance(source, str)
        and is_local(source, may_be_file_of_hub=setting in _FILES_OF_HUB)
        and (place := _find_place(source)) is not None
    }


def strip_recipe(recipe: Mapping[str, Any], results: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the JSON of a recipe without folders of this machine.

    Args:
        recipe: what recipe.json holds.
        results: what results.json holds: by the digest of their rows, public data get their public name.
    """
    stripped = {name: dict(value) if isinstance(value, Mapping) else value for name, value in recipe.items()}
    for setting in _SETTINGS:
        source = _read(stripped, setting)
        if isinstance(source, str):
            section, _, name = setting.partition(".")
            is_base_here = setting == "train.init_from" and _read(results or {}, "init_from.is_on_hub") is False
            place = take_name(source) if is_base_here else _name_setting(source, setting)
            stripped[section][name] = place
    known = _find_known_name(results or {})
    if known is not None and isinstance(stripped.get("data"), dict):
        stripped["data"]["dataset"] = known
    return stripped


def strip_results(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of results without folders of this machine."""
    stripped = {name: dict(value) if isinstance(value, Mapping) else value for name, value in results.items()}
    known = _find_known_name(results)
    for section, setting in (("dataset", _DATASET), ("embeddings", "train.embeddings"), ("init_from", "")):
        source = _read(results, f"{section}.source")
        if isinstance(source, str) and setting:
            stripped[section]["source"] = _name_setting(source, setting)
        elif isinstance(source, str) and _read(results, "init_from.is_on_hub") is not True:
            stripped[section]["source"] = take_name(source)
    if known is not None:
        stripped["dataset"]["source"] = known
    if isinstance(results.get("command"), str):
        stripped["command"] = strip_command(results["command"], known)
    return stripped


def strip_command(command: str, dataset: str | None = None) -> str:
    """Return a command line without folders of this machine.

    Paths below the working folder stay, but for those of data, models and vectors.

    Args:
        command: as a shell takes it.
        dataset: the public name of its data, if they have one.
    """
    option = ""

    def strip(found: re.Match[str]) -> str:
        nonlocal option
        word = _unquote(found[0])
        key, is_assignment, value = word.partition("=")
        if not is_assignment or not re.fullmatch(r"[\w.-]+", key):
            key, value = "" if word.startswith("--") else option, word
        if option != "--dataset" or word.startswith("-"):  # several files may follow that one
            option = word
        setting = _OPTIONS.get(key, key)
        named = dataset if setting == _DATASET and dataset else _strip_word(value, setting)
        return found[0] if named == value else shlex.quote(word[: len(word) - len(value)] + named)

    return _WORD.sub(strip, command)


def _strip_word(word: str, setting: str) -> str:
    if setting in _SETTINGS:
        return _name_setting(word, setting)
    if word.startswith(("/", "~", "..")) or re.match(r"[A-Za-z]:[/\\]", word):
        return take_name(word)
    return _FOLDERS.sub("", word)


def _name_setting(source: str, setting: str) -> str:
    if setting in _LISTS:
        return ",".join(name_place(each.strip()) for each in source.split(","))
    return name_place(source, may_be_file_of_hub=setting in _FILES_OF_HUB)


def _unquote(word: str) -> str:
    try:
        return "".join(shlex.split(word))
    except ValueError:  # a quote is not closed
        return word


def _find_known_name(results: Mapping[str, Any]) -> str | None:
    digest = _read(results, "dataset.rows_sha256")
    return KNOWN_ROWS.get(digest) if isinstance(digest, str) else None


def _read(record: Mapping[str, Any], path: str) -> Any:
    """Read a value of a section; None if the file has it not, or in another form."""
    section, _, name = path.partition(".")
    values = record.get(section)
    return values.get(name) if isinstance(values, Mapping) else None
