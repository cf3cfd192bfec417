"""The journal of a study: what a full disk, and a process that dies, leave of it."""

import errno
import json
import os

import pytest

from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.errors import InputError, StorageError
from hf_lstm.searching.space import parse_space

optuna = pytest.importorskip("optuna")
Study = pytest.importorskip("hf_lstm.searching.study").Study


def open_study(journal):
    space = parse_space(["train.learning_rate=1e-3..1e-1:log"], get_recipe("pooled-bilstm"))
    return Study(journal, space, measure="loss", pruner="none", num_epochs=2, seed=0)


def test_a_full_disk_is_told_in_one_line_and_leaves_whole_lines(tmp_path, monkeypatch):
    journal = tmp_path / "journal.log"
    trial, settings = open_study(journal).ask()
    before = journal.read_bytes()
    with monkeypatch.context() as patch:  # the line is written, but does not reach the disk
        patch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
        with pytest.raises(StorageError, match=r"journal\.log cannot be written: No space left on device"):
            trial.set_user_attr("epochs", [])
    assert journal.read_bytes() == before
    assert open_study(journal).ask()[1] == settings


def test_a_study_that_cannot_be_begun_on_a_full_disk_is_not_called_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, os.strerror(errno.EIO))))
    with pytest.raises(StorageError, match=r"journal\.log cannot be written: Input/output error"):
        open_study(tmp_path / "journal.log")


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_journal_that_cannot_be_opened_is_told(tmp_path, monkeypatch, code, is_there):
    journal = tmp_path / "journal.log"
    if is_there:
        open_study(journal)
    original = open

    def refuse(path, mode="r", *rest, **options):
        if str(path) == str(journal) and mode != "r":
            raise OSError(code, os.strerror(code), str(path))
        return original(path, mode, *rest, **options)

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(StorageError, match=rf"journal\.log cannot be written: {os.strerror(code)}; "):
        open_study(journal)


def test_a_folder_in_the_place_of_the_journal_is_told(tmp_path):
    (tmp_path / "journal.log").mkdir()
    with pytest.raises(StorageError, match=r"journal\.log cannot be written: Is a directory; see what is there"):
        open_study(tmp_path / "journal.log")


def test_the_journal_is_locked_by_no_file_that_could_stay(tmp_path, monkeypatch):
    made = []
    original = os.open
    monkeypatch.setattr("os.open", lambda path, *rest, **more: made.append(path) or original(path, *rest, **more))
    open_study(tmp_path / "journal.log").ask()
    assert [path.name for path in tmp_path.iterdir()] == ["journal.log"]
    assert all(str(path) == str(tmp_path) for path in made)  # to flush the name of the journal


def test_what_is_no_journal_is_told(tmp_path):
    (tmp_path / "journal.log").write_text(json.dumps({"op_code": 99}) + "\n{\n{}\n")
    with pytest.raises(InputError, match="is damaged"):
        open_study(tmp_path / "journal.log")
