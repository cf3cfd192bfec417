"""Keeps the output folder of a search: what it must not hold, and who may use it."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hf_lstm.errors import InputError
from hf_lstm.files.names import UNFINISHED_FOLDER
from hf_lstm.files.replacement import JOURNAL_FOLDER
from hf_lstm.files.writing import PARTIAL_SUFFIX, make_folder
from hf_lstm.records.search import BEST_FOLDER, SEARCH_FILE
from hf_lstm.storage.locks import hold_lock, remove_locked_folder
from hf_lstm.storage.output_folder import (
    OutputFolder,
    claim_output_folder,
    describe_unwritable,
    refuse_links,
    resolve_output_dir,
)

PAGE_FILE, PLOT_FILE = "search.md", "search.png"
_STUDY_FOLDER, _TRIALS_FOLDER = "study", "trials"
_LATER_NAMES = (_TRIALS_FOLDER, BEST_FOLDER, PLOT_FILE, PAGE_FILE, _STUDY_FOLDER)
"""What goes after the result and the journal, in this order: what is left still says that a search wrote it."""
_OUR_NAMES = (SEARCH_FILE, *_LATER_NAMES)


@dataclass(frozen=True)
class SearchFolder:
    """Holds a search's output folder, while nobody else may use it."""

    path: Path

    @property
    def journal(self) -> Path:
        """Return the file that Optuna's study is kept in: what it has, a process that dies can't lose."""
        return self.path / _STUDY_FOLDER / "journal.log"

    @property
    def identity(self) -> Path:
        """Return the file that says what the search is: see `check_identity`."""
        return self.path / _STUDY_FOLDER / "search.json"

    @property
    def kept_answers(self) -> Path:
        """Return the folder for what teachers have said, see `KeptAnswers`: most trials learn from the same."""
        return self.path / _STUDY_FOLDER / "answers"

    @property
    def _trials(self) -> Path:
        return self.path / _TRIALS_FOLDER

    @property
    def can_be_resumed(self) -> bool:
        """Tell whether the search has begun."""
        return self.journal.is_file()

    @property
    def best(self) -> Path:
        """Return the folder of the best trial's model."""
        return self.path / BEST_FOLDER

    def make_study_folder(self) -> None:
        """Make the folder of journal and identity, unless it is there.

        Raises:
            InputError: it cannot be made.
        """
        try:
            make_folder(self.journal.parent)
        except OSError as error:
            raise describe_unwritable(self.path, error) from None

    def name_trial(self, number: int) -> Path:
        """Return the folder of a trial, which lasts until that ends."""
        return self._trials / f"{number:04d}"

    def drop_answers(self) -> None:
        """Remove what teachers have said, when no trial is left that could need it."""
        shutil.rmtree(self.kept_answers, ignore_errors=True)

    def keep_trial(self, number: int | None) -> None:
        """Remove what ended trials have left, all but one."""
        kept = None if number is None else self.name_trial(number)
        for folder in self._trials.glob("[0-9]*"):
            if folder != kept:
                shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # there is none, or it is not empty
            self._trials.rmdir()


@contextlib.contextmanager
def claim_search_folder(path: Path, *, overwrite: bool, resume: bool) -> Iterator[SearchFolder]:
    """Keep everybody else out of the folder of a search during a block.

    A search that ends before its first trial leaves nothing.

    Args:
        path: the folder; it is made if need be.
        overwrite: replace the search that it holds.
        resume: go on with it; without one, start anew.

    Raises:
        InputError: another process uses it; it cannot be written; or it holds a search (unless one of both), or an
            unfinished run of another command or other files (in any case).
    """
    if overwrite and resume:
        raise InputError("--overwrite starts anew and --resume goes on (overwrite and resume in Python): choose one")
    folder = SearchFolder(resolve_output_dir(path))
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(folder.path / UNFINISHED_FOLDER))
        except OSError as error:
            raise describe_unwritable(folder.path, error) from None
        _refuse_other_run(folder.path)
        for place in (folder.path, folder.identity.parent):
            if place.is_dir():
                refuse_links(place)
        stack.callback(remove_locked_folder, folder.path / UNFINISHED_FOLDER)
        if not overwrite:
            _refuse_without_journal(folder)
        _check_contents(folder, may_hold_search=overwrite or resume)
        for place in (folder.path, folder.identity.parent):
            for stray in place.glob(f".*{PARTIAL_SUFFIX}"):
                _remove(stray)
        if overwrite or (folder.identity.parent.is_dir() and not folder.can_be_resumed):
            _forget(folder)
        if any(any(folder.best.glob(f"{name}*")) for name in (JOURNAL_FOLDER, UNFINISHED_FOLDER)):
            with claim_output_folder(folder.best, overwrite=True):
                pass  # this removes what a loss of power has brought back, or a disk that failed did not let go
        stack.callback(_forget_unbegun, folder)
        yield folder


def _forget(folder: SearchFolder) -> None:
    """Remove a search; first what it could be resumed by, as a process that dies meanwhile leaves half of it.

    That is found by its study without a journal. Where there is a result, too, somebody else took the journal away.
    """
    for path in (folder.path / SEARCH_FILE, folder.journal, *(folder.path / name for name in _LATER_NAMES)):
        _remove(path)


def _forget_unbegun(folder: SearchFolder) -> None:
    """Remove what is known of a search that ended before it had a study, as where the data could not be read."""
    if not folder.can_be_resumed:
        _remove(folder.path / _STUDY_FOLDER)


def _refuse_other_run(path: Path) -> None:
    """Refuse a folder whose hidden folder another command needs to go on."""
    if OutputFolder(path).can_be_resumed:
        raise InputError(f"output folder {path} holds an unfinished run, which is no search; choose another")


def _refuse_without_journal(folder: SearchFolder) -> None:
    if (folder.path / SEARCH_FILE).exists() and not folder.can_be_resumed:
        raise InputError(
            f"output folder {folder.path} holds a search without its {folder.journal.relative_to(folder.path)}; put "
            "that back, or pass --overwrite (overwrite=True in Python) to start anew"
        )


def _check_contents(folder: SearchFolder, *, may_hold_search: bool) -> None:
    present = {each.name for each in folder.path.iterdir() if each.suffix != PARTIAL_SUFFIX} - {UNFINISHED_FOLDER}
    foreign = sorted(present.difference(_OUR_NAMES))
    if foreign or (present and not (present & {_STUDY_FOLDER, SEARCH_FILE})):
        name = (foreign or sorted(present))[0]
        raise InputError(f"output folder {folder.path} holds {name!r}, which no search wrote; choose another")
    has_begun = folder.can_be_resumed or present - {_STUDY_FOLDER}
    if has_begun and not may_hold_search:
        raise InputError(
            f"output folder {folder.path} holds a search; pass --resume (resume=True in Python) to go on with it, "
            "--overwrite (overwrite=True) to start anew, or another --output-dir (output_dir=)"
        )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
