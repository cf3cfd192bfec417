"""Tells from the names of files which split each belongs to."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from hf_lstm.errors import InputError
from hf_lstm.formats.compression import COMPRESSED_SUFFIXES

SPLITS = ("train", "validation", "test")
_KEYWORDS: Mapping[str, str] = {
    split: f"({words})([-_ .]?(set|data|df))?"
    for split, words in {
        "train": "train|training|trn",
        "validation": "validation|valid|val|dev",
        "test": "test|testing|tst|eval|evaluation",  # as `datasets` has it
    }.items()
}
_NUMBERED = re.compile(r"(.*?)[0-9]+([-_ .]of[-_ .])([0-9]+)(.*)")
_HASH = re.compile("[-_][0-9a-f]{6,}")
_SHARD = r"([-_ .]?[0-9]+([-_ .]of[-_ .][0-9]+)?([-_][0-9a-f]{6,})?)?"


class AssignedFiles(NamedTuple):
    """Holds files by split."""

    splits: dict[str, list[Path]]
    left_out: list[Path]
    has_names: bool
    """Whether names say what is train. If not, all files are."""


def assign_splits(files: Sequence[Path], root: Path, *, rest: str | None) -> AssignedFiles:
    """Assign files to splits by their names, and by those of the folders below `root` that they are in.

    A file is of a split that it is called by (`train.csv`, `test/1.csv`), or whose name is a word of its own
    (`imdb_train.csv`). A word alone may be chance, as in `model train.csv`. So it counts only if all files have one, or
    if there are such files of train and of another split. If no name counts, all files are train.

    Args:
        files: what to assign.
        root: the folder that they were found in.
        rest: the split of files without one, if others have one; None leaves them out.
    """
    exact = {file: _find_split(file, root, _is_called) for file in files}
    loose = {file: exact[file] or _find_split(file, root, _has_word) for file in files}
    named = {split for split in exact.values() if split is not None}
    in_words = {split for split in loose.values() if split is not None}
    if not named and not all(loose.values()) and not ("train" in in_words and len(in_words) > 1):
        return AssignedFiles({"train": list(files)}, [], has_names=False)
    split_of = {file: exact[file] or (loose[file] if loose[file] not in named else None) or rest for file in files}
    splits = {split: [file for file in files if split_of[file] == split] for split in SPLITS}
    left_out = [file for file in files if split_of[file] is None]
    return AssignedFiles({split: found for split, found in splits.items() if found}, left_out, has_names=True)


def find_folder_split(folder: Path, root: Path) -> str | None:
    """Find the split that a folder below `root`, or one that it is in, is named after; None for `root` itself."""
    if folder == root:
        return None
    return _find_split(folder, root, _is_called) or _find_split(folder, root, _has_word)


def find_called(files: Sequence[Path], root: Path, name: str) -> list[Path]:
    """Find the files that are called `name`, as shards of it or not, or lie in a folder below `root` that is."""
    word = re.escape(name.casefold())
    return [
        file
        for file in files
        if any(
            _is_called(part.casefold(), word)
            for part in (strip_suffixes(file), *(parent.name for parent in file.relative_to(root).parents))
        )
    ]


def is_split_name(name: str) -> bool:
    """Return whether a folder is called like a split."""
    return any(_is_called(name, keywords) for keywords in _KEYWORDS.values())


def refuse_missing_shards(files: Sequence[Path]) -> None:
    """Refuse files such as `train-00000-of-00002.parquet` beside which others are missing, as after a broken download.

    Raises:
        InputError: some are missing.
    """
    shards: dict[tuple[Path, str, int], int] = {}
    for file in files:
        if found := _NUMBERED.fullmatch(file.name):
            key = (file.parent, f"{found[1]}*{found[2]}{found[3]}{_HASH.sub('*', found[4])}", int(found[3]))
            shards[key] = shards.get(key, 0) + 1
    for (folder, pattern, wanted), count in shards.items():
        if count < wanted:
            raise InputError(
                f"{folder}: there {'is' if count == 1 else 'are'} only {count:,} of the {wanted:,} files {pattern}; "
                "get the others, or name those to read, as a list or a pattern"
            )


def strip_suffixes(path: PurePath) -> str:
    """Return a file's name without the suffixes of its format and compression."""
    return PurePath(path.stem).stem if path.suffix.lower() in COMPRESSED_SUFFIXES else path.stem


def _find_split(path: Path, root: Path, matches: Callable[[str, str], bool]) -> str | None:
    """Find the split that a path is named after: the file's name counts first, then that of the innermost folder."""
    for name in (strip_suffixes(path), *(parent.name for parent in path.relative_to(root).parents if parent.name)):
        found = [split for split, keywords in _KEYWORDS.items() if matches(_part_words(name), keywords)]
        if len(found) == 1:
            return found[0]
    return None


def _part_words(name: str) -> str:
    """Write a name in lower case; where `reviewsTrain` goes from lower to upper case, a new word begins."""
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()


def _is_called(name: str, keywords: str) -> bool:
    return re.fullmatch(f"({keywords}){_SHARD}", name) is not None


def _has_word(name: str, keywords: str) -> bool:
    return re.search(f"(?<![a-z])({keywords})(?![a-z])", name) is not None
