"""Fills the output folder of a run, whole or not at all.

It is claimed before work starts, filled aside, and put in place when all is there.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError
from hf_lstm.files import (
    CARD_FILE,
    CONFIG_FILE,
    PLACES_FILE,
    RECIPE_FILE,
    REPORT_FILES,
    REPORT_FOLDER,
    REQUIRED_FILES,
    RESULTS_FILE,
)

_OUR_FILES = frozenset(
    {
        *REQUIRED_FILES, CARD_FILE, RECIPE_FILE, RESULTS_FILE, PLACES_FILE, REPORT_FOLDER,
        *REPORT_FILES,  # which `hf-lstm evaluate` may have added to the folder
    }
)  # fmt: skip
_STAGING_SUFFIX = ".partial"


@contextlib.contextmanager
def fill_output_folder(output_dir: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a folder to fill, and put its files into `output_dir`.

    Its files become those of `output_dir` when the block ends well. When it does not, nothing of them stays. What can
    be wrong with `output_dir` is found on entering, before any work is done. A new folder appears whole. In one that
    exists already (empty, overwritten, mounted, linked) file after file is replaced.

    Raises:
        InputError: `output_dir` holds something already (another run, unless `overwrite`; other files in any case), or
            cannot be written.
    """
    output_dir = output_dir.resolve()
    _check_replaceable(output_dir, overwrite)
    is_new = not output_dir.exists()
    place = output_dir.parent if is_new else output_dir
    new_parents = [folder for folder in output_dir.parents if not folder.exists()]
    try:
        place.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{output_dir.name}.", suffix=_STAGING_SUFFIX, dir=place))
    except OSError as error:
        raise InputError(f"output folder {output_dir} cannot be written: {error.strerror}; choose another") from None
    try:
        yield staging
        _check_replaceable(output_dir, overwrite)  # somebody else may have written there meanwhile
        if is_new and not output_dir.exists():
            staging.chmod(0o777 & ~_read_umask())  # mkdtemp makes folders that only their owner can read
            staging.rename(output_dir)
        else:
            _replace_files(staging, output_dir)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in new_parents:
            with contextlib.suppress(OSError):  # not empty: the run went well, or somebody else writes there
                folder.rmdir()


def _check_replaceable(output_dir: Path, overwrite: bool) -> None:
    if not output_dir.exists():
        return
    if not output_dir.is_dir():
        raise InputError(f"output folder {output_dir} is a file; choose another --output-dir (output_dir= in Python)")
    present = {entry.name for entry in output_dir.iterdir() if not entry.name.endswith(_STAGING_SUFFIX)}
    foreign = sorted(present - _OUR_FILES)
    card = output_dir / CARD_FILE
    if CARD_FILE in present and not is_unedited(card.read_text(encoding="utf-8", errors="replace")):
        foreign.append(CARD_FILE)
    if foreign:
        raise InputError(
            f"output folder {output_dir} holds {foreign[0]!r}, which no run wrote; "
            "choose another --output-dir (output_dir= in Python)"
        )
    if present and not overwrite:
        what = "another run" if CONFIG_FILE in present else "files already"
        raise InputError(
            f"output folder {output_dir} holds {what}; "
            "pass --overwrite (overwrite=True in Python) to replace it, or another --output-dir"
        )


def _replace_files(staging: Path, output_dir: Path) -> None:
    new = {path.name for path in staging.iterdir()}
    for name in sorted(new):
        (staging / name).replace(output_dir / name)
    for name in _OUR_FILES - new:  # they describe the weights that stood here before
        if (output_dir / name).is_dir():
            shutil.rmtree(output_dir / name)
        else:
            (output_dir / name).unlink(missing_ok=True)


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
