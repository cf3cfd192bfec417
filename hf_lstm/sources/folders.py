"""Finds the data files of a folder, a list of files or a pattern, and says which are left out."""

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hf_lstm.errors import InputError, shorten
from hf_lstm.files.names import expand_home
from hf_lstm.files.reading import read_json
from hf_lstm.files.writing import encode_text
from hf_lstm.formats.catalog import get_format, has_known_type
from hf_lstm.formats.compression import split_suffixes
from hf_lstm.records.places import split_sources
from hf_lstm.rows.class_files import METADATA, is_text_of_class
from hf_lstm.sources.split_names import (
    AssignedFiles,
    assign_splits,
    find_called,
    refuse_missing_shards,
    strip_suffixes,
)

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
    paths = [expand_home(part) for part in parts]
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
    return build_found_files(assign_splits(files, root, rest="train"), root)


def find_tables(folder: Path) -> FoundFiles | None:
    """Find the tables in a folder, and the splits that they are named after; None if there are none.

    Raises:
        InputError: two files look like the same rows, shards are missing, or folders of texts may be the data as well.
    """
    if (folder / "state.json").is_file():  # `Dataset.save_to_disk`, beside whose files `map` may have put its cache
        return FoundFiles({"train": _list_saved_files(folder)}, has_split_names=False)
    if (folder / "dataset_dict.json").is_file():
        return FoundFiles({path.parent.name: _list_saved_files(path.parent) for path in folder.glob("*/state.json")})
    files = list_files(folder)
    tables = [path for path in files if has_known_type(path) and split_suffixes(path)[0] != ".txt"]
    if not tables:
        return None
    refuse_missing_shards(tables)
    assigned = assign_splits(tables, folder, rest=None)
    _refuse_copies(assigned.splits)
    if not assigned.has_names:
        _refuse_texts_beside(tables, files, folder)
    others = [path for path in files if path not in set(tables)]
    return build_found_files(assigned._replace(left_out=[*assigned.left_out, *others]), folder)


def find_tables_called(folder: Path, name: str) -> list[Path]:
    """Find the tables below a folder that are called `name`, such as `unsupervised.csv`; of plain texts, too.

    Raises:
        InputError: shards are missing, or two files look like the same rows.
    """
    files = [path for path in list_files(folder) if has_known_type(path)]
    found = [path for path in find_called(files, folder, name) if split_suffixes(path)[0] != ".txt"]
    found = found or [
        path for path in find_called(files, folder, name) if strip_suffixes(path).casefold() == name.casefold()
    ]
    refuse_missing_shards(found)
    _refuse_copies({name: found})
    return found


def list_files(folder: Path) -> list[Path]:
    """List the files below a folder that may be data, without hidden ones and metadata."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith((".", "~$", "__")) for part in path.relative_to(folder).parts)
        and path.name.lower() not in METADATA
        and path.suffix.lower() != ".md"
    ]


def describe_files(folder: Path) -> str:
    """Say which files are below a folder, for error messages."""
    files = list_files(folder)
    return f"it holds the files {_list_names(files, folder)}" if files else "it holds no files"


def _refuse_texts_beside(tables: Sequence[Path], files: Sequence[Path], root: Path) -> None:
    """Refuse tables beside or in folders that hold mostly texts: these may be the data, and a table only lists them."""
    folders = {path.parent for path in files if path.parent != root}
    of_texts = sorted(folder for folder in folders if _holds_mostly_texts(_list_beside(files, folder)))
    if len(of_texts) > 1:
        raise InputError(
            f"{root}: holds tables ({_list_names(tables, root)}) and folders of texts ({_list_names(of_texts, root)}), "
            "so which are the data can't be told; name the tables, or move them out of the folder"
        )


def _holds_mostly_texts(files: Sequence[Path]) -> bool:
    return 2 * sum(map(is_text_of_class, files)) > len(files)


def _list_beside(files: Sequence[Path], folder: Path) -> list[Path]:
    return [path for path in files if path.parent == folder]


def _list_saved_files(folder: Path) -> list[Path]:
    """List the files of a data set that `Dataset.save_to_disk` wrote."""
    path = folder / "state.json"
    damage = InputError(f"{path}: is not as Dataset.save_to_disk writes it; save the data set anew")
    try:
        names = [file["filename"] for file in read_json(path)["_data_files"]]
    except (InputError, KeyError, TypeError, OSError):
        raise damage from None
    if not names or not all(isinstance(name, str) and name and os.path.basename(name) == name for name in names):
        raise damage
    for name in names:
        if not os.path.isfile(folder / name):  # unlike `Path.is_file`, it takes names of any length
            raise InputError(f"{path}: names {shorten(name, 40)!r}, and there is no such file; save the data set anew")
    return [folder / name for name in names]


def _find_matches(pattern: str) -> FoundFiles:
    matches = sorted(Path(match) for match in glob.glob(str(expand_home(pattern)), recursive=True))
    files = [path.absolute() for path in matches if path.is_file() and has_known_type(path)]
    if not files:
        raise InputError(f"{pattern}: no file that can be read has such a name")
    root = Path(os.path.commonpath([path.parent for path in files]))
    assigned = assign_splits(files, root, rest=None)
    _refuse_copies(assigned.splits)
    others = [path.absolute() for path in matches if path.absolute() not in files]
    return build_found_files(assigned._replace(left_out=[*assigned.left_out, *others]), root)


def _refuse_copies(splits: Mapping[str, Sequence[Path]]) -> None:
    """Refuse files that differ in type alone: both would be read, and each row counted twice."""
    for files in splits.values():
        seen: dict[Path, Path] = {}
        for file in files:
            if (other := seen.setdefault(file.parent / strip_suffixes(file), file)) != file:
                raise InputError(
                    f"{other} and {file.name}: look like the same rows in two formats; name one of them, or keep one"
                )


def build_found_files(assigned: AssignedFiles, root: Path) -> FoundFiles:
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
    named = [path.relative_to(root) if root in path.parents else path for path in paths[:_NUM_SHOWN]]
    shown = [encode_text(str(path)).decode() for path in named]  # not all names are UTF-8
    more = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
