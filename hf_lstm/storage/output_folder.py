"""Fills the output folder of a run, whole or not at all.

It is claimed before work starts, filled aside, and put in place when all is there. Until then, a hidden folder within
it holds what a run needs to be resumed.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError, StorageError
from hf_lstm.files.names import (
    ANSWERS_SUFFIX,
    CARD_FILE,
    CHECKPOINT_PREFIX,
    CONFIG_FILE,
    METRICS_FILE,
    PLACES_FILE,
    RECIPE_FILE,
    REPORT_FILES,
    REPORT_FOLDER,
    REQUIRED_FILES,
    RESULTS_FILE,
    TRANSFORMERS_FILES,
    UNFINISHED_FOLDER,
)
from hf_lstm.files.reading import MAX_TEXT_BYTES, read_bytes
from hf_lstm.files.replacement import JOURNAL_FOLDER, finish_replacement, remove_strays, replace_files
from hf_lstm.files.storage_errors import is_of_storage, raise_storage_error
from hf_lstm.files.writing import PARTIAL_SUFFIX
from hf_lstm.storage.locks import LOCK_FILE, hold_lock, remove_locked_folder

_OUR_FILES = frozenset(
    {
        *REQUIRED_FILES, *TRANSFORMERS_FILES, CARD_FILE, RECIPE_FILE, RESULTS_FILE, METRICS_FILE, PLACES_FILE,
        REPORT_FOLDER, *REPORT_FILES,  # which `hf-lstm evaluate` may have added to the folder
    }
)  # fmt: skip
_CHECKPOINTS = "checkpoints"
_KEPT_ANSWERS = "answers"
_IDENTITY_FILE = "run.json"
_ELSEWHERE = "another --output-dir (output_dir= in Python)"


@dataclass(frozen=True)
class OutputFolder:
    """Holds a run's output folder, while nobody else may use it."""

    path: Path
    is_finished: bool = False
    """Whether there is nothing to resume, as the run ended well. Then nothing is locked or written."""

    @property
    def work(self) -> Path:
        """Return the hidden folder of the run that is not finished."""
        return self.path / UNFINISHED_FOLDER

    @property
    def checkpoints(self) -> Path:
        """Return the folder for the run's checkpoints."""
        return self.work / _CHECKPOINTS

    @property
    def kept_answers(self) -> Path:
        """Return the folder for what teachers have said, see `KeptAnswers`: checkpoints come after it."""
        return self.work / _KEPT_ANSWERS

    @property
    def identity(self) -> Path:
        """Return the file that says what the run is: see `check_identity`."""
        return self.work / _IDENTITY_FILE

    @property
    def can_be_resumed(self) -> bool:
        """Tell whether the folder has a checkpoint of a run that is not finished, or teachers' answers for it."""
        checkpoints = self.checkpoints.glob(f"{CHECKPOINT_PREFIX}*")
        return any(path.name.endswith(tuple("0123456789")) for path in checkpoints) or any(
            self.kept_answers.glob(f"*{ANSWERS_SUFFIX}")
        )

    @contextlib.contextmanager
    def fill(self) -> Iterator[Path]:
        """Give a folder to fill, and put its files in place when the block ends well.

        They replace those of an earlier run, all or none. Then there is nothing to resume any more.

        Raises:
            InputError: somebody else has put files there meanwhile.
            StorageError: the disk is full or fails.
        """
        with replace_files(self.path, self._list_own_files) as staging:
            yield staging
            _refuse_foreign_files(self.path)
        _drop(self.kept_answers)
        _drop(self.checkpoints)

    def _list_own_files(self) -> list[str]:
        """List the files of an earlier run: they describe other weights."""
        found = [path for name in _OUR_FILES for path in (self.path / name, *(self.path / name).rglob("*"))]
        return [path.relative_to(self.path).as_posix() for path in found if path.is_file()]


def resolve_output_dir(output_dir: Path) -> Path:
    """Return the whole path of an output folder, which may exist or not.

    Raises:
        InputError: it is a file, or can be nothing: its name is too long or not UTF-8, its links lead in a circle, or
            it lies where this process may not look.
    """
    try:
        path = output_dir.resolve()
        is_file = path.exists() and not path.is_dir()
        str(path).encode()
    except ValueError:  # a NUL, or bytes that are not UTF-8, which the library that reads weights cannot open
        raise InputError(f"output folder {str(output_dir)!a} is no name in UTF-8; choose {_ELSEWHERE}") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        cause = error if isinstance(error, OSError) else OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        raise describe_unwritable(output_dir, cause) from None
    if is_file:
        raise InputError(f"output folder {path} is a file; choose {_ELSEWHERE}")
    return path


def refuse_links(folder: Path) -> None:
    """Refuse a folder of our own making in which somebody has put links.

    What they lead to is somebody else's, and a run would cut, replace or remove it.

    Raises:
        InputError: there is a link.
    """
    for entry in folder.iterdir():
        if entry.is_symlink():
            raise InputError(f"{entry} is a link, which no run makes; remove it, or choose {_ELSEWHERE}")


def describe_unwritable(path: Path, error: OSError) -> InputError:
    """Return the error of an output folder that nothing can be written into; a `StorageError` if it is the disk's."""
    kind = StorageError if is_of_storage(error) else InputError
    return kind(f"output folder {path} cannot be written: {error.strerror}; choose another")


@contextlib.contextmanager
def claim_output_folder(output_dir: Path, *, overwrite: bool, resume: bool = False) -> Iterator[OutputFolder]:
    """Keep everybody else out of `output_dir` during a block.

    What can be wrong with it is found on entering, before any work is done. When the block ends and nothing was put in
    place, checkpoints stay. Without any, `output_dir` is as it was.

    Args:
        output_dir: the folder; it is made if need be.
        overwrite: replace the run that it holds, finished or not.
        resume: go on with the unfinished run that it holds. Without one, start anew.

    Raises:
        InputError: another process uses it; it cannot be written; or it holds something already: a finished run (unless
            `overwrite`), an unfinished run (unless one of both), or other files (in any case).
    """
    if overwrite and resume:
        raise InputError("--overwrite starts anew and --resume goes on (overwrite and resume in Python): choose one")
    folder = OutputFolder(resolve_output_dir(output_dir))
    new_folders = [each for each in (folder.path, *folder.path.parents) if not each.exists()]
    lock = hold_lock(folder.work)
    try:
        lock.__enter__()
    except OSError as error:
        _remove_empty(new_folders)
        raise describe_unwritable(folder.path, error) from None
    with contextlib.ExitStack() as stack:
        stack.callback(_remove_empty, new_folders)
        stack.push(lock)
        refuse_links(folder.work)
        stack.callback(_leave, folder)
        finish_replacement(folder.path)
        is_finished = _check_contents(folder, overwrite=overwrite, resume=resume)
        _remove_strays(folder)
        if is_finished:
            yield OutputFolder(folder.path, is_finished=True)
            return
        _remove_remains(folder, keep_checkpoints=resume)
        yield folder


@contextlib.contextmanager
def fill_output_folder(output_dir: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a folder to fill, and put its files into `output_dir` when the block ends well.

    Raises:
        InputError: see `claim_output_folder`.
    """
    with claim_output_folder(output_dir, overwrite=overwrite) as folder, folder.fill() as staging:
        yield staging


def _check_contents(folder: OutputFolder, *, overwrite: bool, resume: bool) -> bool:
    """Check that a run may use the folder, and tell whether it was to resume one that is finished."""
    _refuse_foreign_files(folder.path)
    if folder.can_be_resumed:
        if not (overwrite or resume):
            raise InputError(
                f"output folder {folder.path} holds an unfinished run; pass --resume (resume=True in Python) to go on "
                f"with it, --overwrite (overwrite=True) to start anew, or {_ELSEWHERE}"
            )
        return False
    present = _list_names(folder.path)
    if present and not overwrite:
        if resume and {*REQUIRED_FILES, RESULTS_FILE} <= present:
            return True
        what = "another run" if CONFIG_FILE in present else "files already"
        raise InputError(
            f"output folder {folder.path} holds {what}; "
            f"pass --overwrite (overwrite=True in Python) to replace it, or {_ELSEWHERE}"
        )
    return False


def _refuse_foreign_files(path: Path) -> None:
    present = _list_names(path)
    foreign = sorted(present - _OUR_FILES)
    card = path / CARD_FILE
    if CARD_FILE in present and not is_unedited(read_bytes(card, MAX_TEXT_BYTES).decode(errors="replace")):
        foreign.append(CARD_FILE)
    if foreign:
        raise InputError(f"output folder {path} holds {foreign[0]!r}, which no run wrote; choose {_ELSEWHERE}")


def _list_names(path: Path) -> set[str]:
    hidden = {UNFINISHED_FOLDER, JOURNAL_FOLDER}
    return {entry.name for entry in path.iterdir() if entry.name not in hidden and entry.suffix != PARTIAL_SUFFIX}


def _remove_strays(folder: OutputFolder) -> None:
    """Remove what processes left behind that died while they filled the folder, or when its run was finished."""
    remove_strays(folder.path)
    for entry in folder.path.glob(f"{UNFINISHED_FOLDER}.*{PARTIAL_SUFFIX}"):
        shutil.rmtree(entry, ignore_errors=True)


def _remove_remains(folder: OutputFolder, *, keep_checkpoints: bool) -> None:
    """Remove what is left of an unfinished run; checkpoints, too, unless they are to be kept."""
    if not (keep_checkpoints and folder.can_be_resumed):
        _drop(folder.kept_answers)
        _drop(folder.checkpoints)
        for entry in folder.work.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != LOCK_FILE:
                entry.unlink()


def _drop(checkpoints: Path) -> None:
    """Remove checkpoints, or answers. They lose their name at once: with some files gone, they would look damaged.

    Raises:
        StorageError: they cannot be removed.
    """
    try:
        shutil.rmtree(checkpoints.rename(checkpoints.with_suffix(PARTIAL_SUFFIX)), ignore_errors=True)
    except OSError as error:
        if checkpoints.exists():
            raise_storage_error(error, checkpoints)


def _leave(folder: OutputFolder) -> None:
    """Remove the hidden folder, unless the run can be resumed."""
    if not folder.can_be_resumed:
        remove_locked_folder(folder.work)


def _remove_empty(folders: list[Path]) -> None:
    for each in folders:
        with contextlib.suppress(OSError):  # not empty: the run went well, or somebody else writes there
            each.rmdir()
