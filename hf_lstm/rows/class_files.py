"""Tells which files of a folder hold texts: each one text of the class that the folder is called."""

from pathlib import Path

from hf_lstm.errors import InputError

MAX_CLASS_TEXT_BYTES = 64 * 2**20
METADATA = frozenset({
    "dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "croissant.json", "license",
    "license.txt", "readme", "readme.txt", "makefile",
})  # fmt: skip
"""Names of files beside data that are none, in lower case. So are all `.md` files."""


def list_class_files(folder: Path) -> list[Path]:
    """List the texts of a class: the files of a folder that end in .txt or have no suffix.

    Raises:
        InputError: one is larger than any text.
    """
    files = sorted(path for path in folder.iterdir() if is_text_of_class(path))
    for path in files:
        if (num_bytes := path.stat().st_size) > MAX_CLASS_TEXT_BYTES:
            raise InputError(
                f"{path}: has {num_bytes:,} bytes, but each file in the folder of a class is one text, of at most "
                f"{MAX_CLASS_TEXT_BYTES:,}"
            )
    return files


def is_text_of_class(path: Path) -> bool:
    """Return whether a file in the folder of a class holds a text. 20 Newsgroups calls its texts by numbers alone."""
    is_named_so = path.suffix.lower() in (".txt", "") and not path.name.startswith(".")
    return is_named_so and path.name.lower() not in METADATA and path.is_file()
