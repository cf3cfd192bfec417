"""The folder of a search: what of it goes when, and what it must not touch."""

import errno
import os
import shutil

import pytest

from hf_lstm.errors import InputError, StorageError
from hf_lstm.searching import folder as module
from hf_lstm.searching.folder import claim_search_folder
from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.storage.output_folder import claim_output_folder


def make_search(path):
    for name in ("study", "best", "trials/0002"):
        (path / name).mkdir(parents=True)
    for name in ("study/journal.log", "study/search.json", "search.json", "search.md", "best/config.json"):
        (path / name).write_text("{}")


def list_names(path):
    return sorted(each.relative_to(path).as_posix() for each in path.rglob("*"))


def test_half_written_files_of_dead_processes_go(tmp_path):
    make_search(tmp_path)
    before = list_names(tmp_path)
    for name in (".search.json.7.partial", "study/.search.json.7.partial"):
        (tmp_path / name).touch()
    (tmp_path / ".unfinished.1234.partial").mkdir()
    (tmp_path / "mine.partial").touch()
    with claim_search_folder(tmp_path, overwrite=False, resume=True):
        pass
    assert list_names(tmp_path) == sorted([*before, "mine.partial"])


@pytest.mark.parametrize("name", [".replacing", ".unfinished", ".unfinished.1234.partial"])
def test_what_a_bad_disk_leaves_or_brings_back_in_the_best_model_goes(tmp_path, name):
    make_search(tmp_path)
    before = list_names(tmp_path)
    (tmp_path / "best" / name).mkdir()
    with claim_search_folder(tmp_path, overwrite=False, resume=True):
        pass
    assert list_names(tmp_path) == before


def test_a_search_whose_journal_is_missing_is_not_removed(tmp_path):
    make_search(tmp_path)
    (tmp_path / "study" / "journal.log").unlink()
    before = list_names(tmp_path)
    for resume in (True, False):
        with (
            pytest.raises(InputError, match=r"holds a search without its study.journal\.log; put that back, or pass"),
            claim_search_folder(tmp_path, overwrite=False, resume=resume),
        ):
            pass
        assert list_names(tmp_path) == before


def test_hidden_files_of_others_in_the_best_model_stay(tmp_path):
    make_search(tmp_path)
    (tmp_path / "best" / ".DS_Store").touch()
    before = list_names(tmp_path)
    with claim_search_folder(tmp_path, overwrite=False, resume=True):
        pass
    assert list_names(tmp_path) == before


@pytest.mark.parametrize("num_removed", range(2, 8))  # result and journal; with that, all of the search is there
def test_a_search_that_is_half_removed_is_not_resumed_and_can_be_begun_anew(tmp_path, monkeypatch, num_removed):
    make_search(tmp_path / "search")

    class DeathError(BaseException):
        pass

    original, removed = module._remove, []

    def dying(path):
        if len(removed) == num_removed:
            raise DeathError
        removed.append(path)
        original(path)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_remove", dying)
        with pytest.raises(DeathError), claim_search_folder(tmp_path / "search", overwrite=True, resume=False):
            raise DeathError
    with claim_search_folder(tmp_path / "search", overwrite=False, resume=True) as folder:
        assert not folder.can_be_resumed
        assert list_names(folder.path) == [".unfinished", ".unfinished/lock"]


def test_the_checkpoints_of_another_run_are_not_removed(tmp_path):
    with claim_output_folder(tmp_path, overwrite=False) as claimed:
        Checkpoints(claimed.checkpoints).save({"step": 1})
    before = list_names(tmp_path)
    for choice in ({"overwrite": True, "resume": False}, {"overwrite": False, "resume": False}):
        with (
            pytest.raises(InputError, match="holds an unfinished run, which is no search"),
            claim_search_folder(tmp_path, **choice),
        ):
            pass
    assert list_names(tmp_path) == before


def test_a_rival_names_the_holder(tmp_path):
    with claim_search_folder(tmp_path, overwrite=False, resume=False) as folder:
        shutil.copytree(make_folder(folder.path), folder.path, dirs_exist_ok=True)
        with (
            pytest.raises(InputError, match=f"is in use by process {os.getpid()} on"),
            claim_search_folder(tmp_path, overwrite=False, resume=False),
        ):
            pass


def make_folder(path):
    other = path.with_name(f"{path.name}-other")
    make_search(other)
    return other


def test_a_search_is_removed_from_its_result_on_and_each_part_once(tmp_path, monkeypatch):
    make_search(tmp_path)
    removed, remove = [], module._remove
    monkeypatch.setattr(module, "_remove", lambda path: removed.append(path) or remove(path))
    with claim_search_folder(tmp_path, overwrite=True, resume=False):
        names = [path.relative_to(tmp_path).as_posix() for path in removed]
    assert names[:2] == ["search.json", "study/journal.log"]
    assert len(names) == len(set(names))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, StorageError), (errno.EACCES, InputError)])
def test_a_full_disk_is_no_wrong_folder(tmp_path, monkeypatch, code, kind):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("hf_lstm.storage.locks.make_folder", fail)
    for claim in (claim_search_folder, claim_output_folder):
        with (
            pytest.raises(InputError, match=os.strerror(code)) as raised,
            claim(tmp_path / "run", overwrite=False, resume=False),
        ):
            pass
        assert type(raised.value) is kind
