"""The output folder of a run: claimed before work starts, filled aside, and put in place whole."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hf_lstm.errors import InputError
from hf_lstm.model_files import CARD_FILE, CONFIG_FILE, RECIPE_FILE, REQUIRED_FILES, RESULTS_FILE

_OUR_FILES = frozenset({*REQUIRED_FILES, CARD_FILE, RECIPE_FILE, RESULTS_FILE})


@contextlib.contextmanager
def staged_folder(output_dir: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a folder to fill that becomes `output_dir` when the block ends well, and vanishes when it does not.

    Everything that can be wrong with `output_dir` is found on entering, before any work is done.

    Raises:
        InputError: `output_dir` holds something already (another run, unless `overwrite`; other files in any case), or
            cannot be written.
    """
    _check_replaceable(output_dir, overwrite)
    new_parents = [folder for folder in output_dir.parents if not folder.exists()]
    try:
        output_dir.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{output_dir.name}.", suffix=".partial", dir=output_dir.parent))
    except OSError as error:
        raise InputError(f"output folder {output_dir} cannot be written: {error.strerror}; choose another") from None
    try:
        yield staging
        _check_replaceable(output_dir, overwrite)  # somebody may have been faster
        _replace(staging, output_dir)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in new_parents:
            with contextlib.suppress(OSError):  # not empty: the run went well, or somebody else writes there
                folder.rmdir()


def _check_replaceable(output_dir: Path, overwrite: bool) -> None:
    if not output_dir.exists():
        return
    if not output_dir.is_dir():
        raise InputError(f"output folder {output_dir} is a file; choose another --output-dir")
    present = {entry.name for entry in output_dir.iterdir()}
    if not present:
        return
    if foreign := sorted(present - _OUR_FILES):
        raise InputError(
            f"output folder {output_dir} holds {foreign[0]!r}, which no run wrote; choose another --output-dir"
        )
    if CONFIG_FILE in present and not overwrite:
        raise InputError(
            f"output folder {output_dir} holds another run; pass --overwrite to replace it, or another --output-dir"
        )


def _replace(staging: Path, output_dir: Path) -> None:
    """Put `staging` in the place of `output_dir`; the old run is deleted only once the new one stands there."""
    staging.chmod(0o777 & ~_umask())  # mkdtemp makes folders that only their owner can read
    if not output_dir.exists():
        staging.rename(output_dir)
        return
    replaced = staging.with_suffix(".replaced")
    output_dir.rename(replaced)
    try:
        staging.rename(output_dir)
    except OSError:
        replaced.rename(output_dir)
        raise
    shutil.rmtree(replaced)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
