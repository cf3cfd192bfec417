"""Finds folders of text files, each called like the class of its texts."""

from collections.abc import Sequence
from pathlib import Path

from hf_lstm.errors import InputError
from hf_lstm.rows.class_files import is_text_of_class
from hf_lstm.sources.folders import FoundFiles, build_found_files, list_files
from hf_lstm.sources.split_names import AssignedFiles, find_folder_split, is_split_name

_UNLABELED = frozenset({"unsup", "unsupervised", "unlabeled", "unlabelled"})


def find_class_folders(root: Path) -> FoundFiles | None:
    """Find folders of text files, each called like the class of its texts, such as `train/pos`; None if there are none.

    Raises:
        InputError: which folders are the classes can't be told.
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
    for folders_of_split in splits.values():
        _refuse_scattered(folders_of_split, root)
    left_out = [*splits.pop("", []), *(folder for folder in folders if folder not in classes)]
    others = [path for path in files if path.parent not in folders or not is_text_of_class(path)]
    return build_found_files(AssignedFiles(splits, [*left_out, *others], has_names), root)


def _refuse_nested(classes: Sequence[Path], root: Path) -> None:
    for inner in classes:
        if outer := next((folder for folder in classes if folder in inner.parents), None):
            raise InputError(
                f"{root}: {outer.relative_to(root)} and {inner.relative_to(root)} both hold texts, so which of them is "
                "a class can't be told; expected train/CLASS/*.txt or CLASS/*.txt"
            )


def _refuse_scattered(classes: Sequence[Path], root: Path) -> None:
    """Refuse folders of texts in several folders, as of `pos/2019` and `neg/2019`: pos and neg may be the classes.

    Several folders that are called like the split, such as `train-1` and `train-2`, are fine.
    """
    by_parent = {folder.parent: folder for folder in classes}
    if len(by_parent) > 1 and not all(is_split_name(parent.name.casefold()) for parent in by_parent):
        first, second = list(by_parent.values())[:2]
        raise InputError(
            f"{root}: {first.relative_to(root)} and {second.relative_to(root)} hold texts, so which part of their "
            "names is the class can't be told; expected train/CLASS/*.txt or CLASS/*.txt"
        )
