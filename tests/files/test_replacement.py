"""What a dead process began in a folder is finished there, and nowhere else; living ones don't hinder each other."""

import errno
import os
from pathlib import Path

import pytest

from hf_lstm.errors import InputError
from hf_lstm.files.replacement import finish_replacement, remove_strays, replace_files
from hf_lstm.files.writing import write_json


@pytest.fixture
def folder(tmp_path):
    """Return a folder of somebody else, beside a file that is none of its."""
    (tmp_path / "precious.txt").write_text("kept")
    (tmp_path / "model" / ".replacing").mkdir(parents=True)
    return tmp_path / "model"


def assert_refused(folder, said):
    with pytest.raises(InputError, match=rf"\.replacing is not as hf_lstm writes it: {said}.*; remove it, and see"):
        finish_replacement(folder)
    assert (folder.parent / "precious.txt").read_text() == "kept"


@pytest.mark.parametrize("name", ["../precious.txt", "a/../../precious.txt", "{parent}/precious.txt", "", ".."])
def test_files_elsewhere_are_never_removed(folder, name):
    write_json(folder / ".replacing" / "journal.json", {"stale": [name.format(parent=folder.parent)]})
    assert_refused(folder, "it is about .* which lies elsewhere")


@pytest.mark.parametrize("is_stale", [False, True])
def test_links_to_elsewhere_are_not_followed(folder, is_stale):
    (folder / "report").symlink_to(folder.parent)
    write_json(folder / ".replacing" / "journal.json", {"stale": ["report/precious.txt"] if is_stale else []})
    (folder / ".replacing" / "report").mkdir()
    (folder / ".replacing" / "report" / "precious.txt").write_text("new")
    assert_refused(folder, "it is about .* which lies elsewhere")


@pytest.mark.parametrize("value", [{}, {"stale": "precious.txt"}, {"stale": [1]}, {"stale": ["a\0b"]}])
def test_a_journal_of_another_form_is_refused(folder, value):
    write_json(folder / ".replacing" / "journal.json", value)
    assert_refused(folder, "journal.json lists no files as stale")


def test_a_journal_that_lies_elsewhere_is_refused(folder):
    (folder / ".replacing").rmdir()
    (folder / ".replacing").symlink_to(folder.parent)
    assert_refused(folder, "it is a link")


def test_what_is_within_the_folder_is_done(folder):
    write_json(folder / ".replacing" / "journal.json", {"stale": ["old.json", "report/gone.md"]})
    (folder / "old.json").write_text("old")
    (folder / ".replacing" / "report").mkdir()
    (folder / ".replacing" / "report" / "new.md").write_text("new")
    finish_replacement(folder)
    assert sorted(os.listdir(folder)) == ["report"]
    assert (folder / "report" / "new.md").read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_no_stray_and_not_waited_for(folder):
    os.mkfifo(folder / ".new-abc.partial")
    remove_strays(folder)
    assert (folder / ".new-abc.partial").exists()


def replace(folder):
    with replace_files(folder) as staging:
        (staging / "new.md").write_text("new")
    assert sorted(os.listdir(folder)) == ["new.md"]


def test_a_rival_who_is_done_just_now_is_no_hindrance(folder, monkeypatch):
    rename, attempts = Path.rename, []

    def rename_late(source, target):
        attempts.append(target)
        if len(attempts) == 1:  # the rival's journal stood there, and is gone when one looks
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(source), None, str(target))
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", rename_late)
    replace(folder)
    assert len(attempts) == 2


def test_a_folder_that_a_rival_took_for_a_stray_is_made_anew(folder, monkeypatch):
    mkdir, taken = Path.mkdir, []

    def lose_first(path, **options):
        mkdir(path, **options)
        if path.parent == folder and not taken:
            remove_strays(folder)
            taken.append(path)

    monkeypatch.setattr(Path, "mkdir", lose_first)
    replace(folder)
    assert len(taken) == 1


def test_strays_stay_where_no_lock_tells_whether_their_process_lives(folder, monkeypatch):
    monkeypatch.setattr("hf_lstm.files.replacement.try_lock", lambda *_, **__: None)
    (folder / ".new-abc.partial").mkdir()
    remove_strays(folder)
    assert (folder / ".new-abc.partial").exists()
