"""Finds the data files of a folder, a list of files or a pattern, and says which are left out."""

import glob
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hf_lstm.data.compression import split_suffixes
from hf_lstm.data.formats import get_format, has_known_type
from hf_lstm.data.readers import is_text_of_class
from hf_lstm.data.split_names import AssignedFiles, assign_splits, find_folder_split, is_split_name, strip_suffixes
from hf_lstm.errors import InputError
from hf_lstm.records.places import split_sources

_METADATA = frozenset({
    "dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "croissant.json", "license",
    "license.txt", "readme", "readme.txt",
})  # fmt: skip
"""Names of files beside data that are none, in lower case. So are all `.md` files."""
_UNLABELED = frozenset({"unsup", "unsupervised", "unlabeled", "unlabelled"})
_NUM_SHOWN = 5


@dataclass(frozen=True)
class FoundFiles:
    """Holds the files of each split of a local source."""

    splits: Mapping[str, Sequence[Path]]
    """By split. A folder among them holds the texts of the class that it is called."""
    has_split_names: bool = True
    """Whether names say what is train. If not, all files are."""
    notes: Sequence[str] = field(default_factory=list)
    """What was read, and what was left out, a line each, for the log."""


def find_listed_files(source: str) -> FoundFiles | None:
    """Find the files of a list such as `a.csv 'b c.csv'`, or of a pattern such as `reviews/*.csv`.

    None if the source is neither.

    Raises:
        InputError: a file is missing or listed twice, or no file matches the pattern.
    """
    parts = split_sources(source)
    if len(parts) < 2:
        return _find_matches(source) if glob.has_magic(source) else None
    paths = [Path(part).expanduser() for part in parts]
    if not any(path.exists() or has_known_type(path) for path in paths):
        return None
    for path in paths:
        if not path.is_file():
            what = "is a folder: in a list of several, name files" if path.is_dir() else "there is no such file"
            raise InputError(f"{path}: {what}")
        if paths.count(path) > 1:
            raise InputError(f"{path}: is listed twice")
        get_format(path)
    files = [path.absolute() for path in paths]
    root = Path(os.path.commonpath([path.parent for path in files]))
    return _build(assign_splits(files, root, rest="train"), root)


def find_tables(folder: Path) -> FoundFiles | None:
    """Find the tables in a folder, and the splits that they are named after; None if there are none.

    Raises:
        InputError: two files look like the same rows.
    """
    if (folder / "state.json").is_file():  # `Dataset.save_to_disk`, beside whose files `map` may have put its cache
        return FoundFiles({"train": _list_saved_files(folder)}, has_split_names=False)
    if (folder / "dataset_dict.json").is_file():
        return FoundFiles({path.parent.name: _list_saved_files(path.parent) for path in folder.glob("*/state.json")})
    files = list_files(folder)
    tables = [path for path in files if has_known_type(path) and split_suffixes(path)[0] != ".txt"]
    if not tables:
        return None
    assigned = assign_splits(tables, folder, rest=None)
    _refuse_copies(assigned.splits)
    others = [path for path in files if path not in set(tables)]
    return _build(assigned._replace(left_out=[*assigned.left_out, *others]), folder)


def list_files(folder: Path) -> list[Path]:
    """List the files below a folder that may be data, without hidden ones and metadata."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith((".", "~$", "__")) for part in path.relative_to(folder).parts)
        and path.name.lower() not in _METADATA
        and path.suffix.lower() != ".md"
    ]


def find_class_folders(root: Path) -> FoundFiles | None:
    """Find folders of text files, each called like the class of its texts, such as `train/pos`; None if there are none.

    Raises:
        InputError: a class is within another.
    """
    files = list_files(root)
    parents = sorted({path.parent for path in files if is_text_of_class(path)})
    folders = [folder for folder in parents if folder != root and not is_split_name(folder.name.casefold())]
    classes = [folder for folder in folders if folder.name.casefold() not in _UNLABELED]
    if not classes:
        return None
    _refuse_nested(classes, root)
    split_of = {folder: find_folder_split(folder.parent, root) for folder in classes}
    has_names = any(split_of.values())
    splits: dict[str, list[Path]] = {}
    for folder in classes:
        splits.setdefault(split_of[folder] or ("" if has_names else "train"), []).append(folder)
    left_out = [*splits.pop("", []), *(folder for folder in folders if folder not in classes)]
    others = [path for path in files if path.parent not in folders or not is_text_of_class(path)]
    return _build(AssignedFiles(splits, [*left_out, *others], has_names), root)


def _refuse_nested(classes: Sequence[Path], root: Path) -> None:
    for inner in classes:
        if outer := next((folder for folder in classes if folder in inner.parents), None):
            raise InputError(
                f"{root}: {outer.relative_to(root)} and {inner.relative_to(root)} both hold texts, so which of them is "
                "a class can't be told; expected train/CLASS/*.txt or CLASS/*.txt"
            )


def _list_saved_files(folder: Path) -> list[Path]:
    """List the files of a data set that `Dataset.save_to_disk` wrote."""
    path = folder / "state.json"
    try:
        return [folder / file["filename"] for file in json.loads(path.read_text("utf-8"))["_data_files"]]
    except (ValueError, KeyError, TypeError, OSError, RecursionError):
        raise InputError(f"{path}: is not as Dataset.save_to_disk writes it; save the data set anew") from None


def _find_matches(pattern: str) -> FoundFiles:
    matches = sorted(Path(match) for match in glob.glob(str(Path(pattern).expanduser()), recursive=True))
    files = [path.absolute() for path in matches if path.is_file() and has_known_type(path)]
    if not files:
        raise InputError(f"{pattern}: no file that can be read has such a name")
    root = Path(os.path.commonpath([path.parent for path in files]))
    assigned = assign_splits(files, root, rest=None)
    _refuse_copies(assigned.splits)
    others = [path.absolute() for path in matches if path.absolute() not in files]
    return _build(assigned._replace(left_out=[*assigned.left_out, *others]), root)


def _refuse_copies(splits: Mapping[str, Sequence[Path]]) -> None:
    """Refuse files that differ in type alone: both would be read, and each row counted twice."""
    for files in splits.values():
        seen: dict[Path, Path] = {}
        for file in files:
            if (other := seen.setdefault(file.parent / strip_suffixes(file), file)) != file:
                raise InputError(
                    f"{other} and {file.name}: look like the same rows in two formats; name one of them, or keep one"
                )


def _build(assigned: AssignedFiles, root: Path) -> FoundFiles:
    """Say which files were found in which split, and what is left out."""
    notes = [
        f"{split}: read from {len(files):,} {'folders' if files[0].is_dir() else 'files'}: {_list_names(files, root)}"
        for split, files in assigned.splits.items()
        if len(files) > 1 or files[0].is_dir()
    ]
    if assigned.left_out:
        notes.append(f"left out: {_list_names(assigned.left_out, root)}")
    return FoundFiles(assigned.splits, assigned.has_names, notes)


def _list_names(paths: Sequence[Path], root: Path) -> str:
    shown = [str(path.relative_to(root) if root in path.parents else path) for path in paths[:_NUM_SHOWN]]
    more = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
