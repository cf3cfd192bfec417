"""Files that cannot be written: each reason is told in one line, and errors of other files stay what they are."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hf_lstm.errors import StorageError
from hf_lstm.files.partial_files import open_partial
from hf_lstm.files.reading import read_json
from hf_lstm.files.replacement import replace_files
from hf_lstm.files.storage_errors import raise_storage_error
from hf_lstm.files.writing import PARTIAL_SUFFIX, name_partial_stem, write_file, write_json

CODES = [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENAMETOOLONG]


@pytest.mark.parametrize("code", CODES)
def test_each_reason_is_told_with_the_file(tmp_path, monkeypatch, code):
    original = os.open

    def refuse(path, flags, *rest, **options):
        if flags & os.O_CREAT:
            raise OSError(code, os.strerror(code), str(path))
        return original(path, flags, *rest, **options)

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(StorageError, match=rf"a\.json cannot be written: {os.strerror(code)}; "):
        write_file(tmp_path / "a.json", b"{}")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_where_a_file_should_be_and_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="folder cannot be written: Is a directory; see what is there"):
        write_file(tmp_path / "folder", b"{}")
    with pytest.raises(StorageError, match="Not a directory"), open_partial(tmp_path / "file" / "out.csv"):
        pass
    with pytest.raises(StorageError, match="Not a directory"), replace_files(tmp_path / "file"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("name", ["a" * 255, "ä" * 127])
def test_names_may_be_as_long_as_the_disk_takes_them(tmp_path, name):
    write_file(tmp_path / name, b"{}")
    stray = tmp_path / f"{name_partial_stem(tmp_path / name)}1{PARTIAL_SUFFIX}"  # of a process that died
    stray.touch()
    with open_partial(tmp_path / name) as stream:
        stream.write("[]")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "[]"
    with pytest.raises(StorageError, match="File name too long"):
        write_file(tmp_path / (name + "aa"), b"{}")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_one_and_leads_to_the_new_file(tmp_path):
    (tmp_path / "there").mkdir()
    for name in ("old.csv", "new.csv"):
        (tmp_path / name).symlink_to(f"there/{name}")
    (tmp_path / "there" / "old.csv").write_text("old")
    for name in ("old.csv", "new.csv"):
        with open_partial(tmp_path / name) as stream:
            stream.write("new")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "there" / name).read_text() == "new"
    assert len(list(tmp_path.rglob("*"))) == 5


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file", "/elsewhere/rows.csv"),
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        TimeoutError("no answer"),
    ],
)
def test_errors_of_something_else_are_raised_as_they_are(tmp_path, error):
    with pytest.raises(type(error)) as raised:
        raise_storage_error(error, tmp_path / "out.csv")
    assert raised.value is error


def test_names_that_are_not_utf8_come_back_from_json(tmp_path):
    value = {"data.dataset": os.fsdecode(b"caf\xe9.csv"), "other": "ü \\udce9"}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value


def test_a_file_that_a_rival_takes_for_a_stray_is_opened_anew(tmp_path, monkeypatch):
    answers = [False, True]  # the rival has it locked, and is about to remove it

    def lose_first(_):
        if not (is_ours := answers.pop(0)):
            next(tmp_path.iterdir()).unlink()
        return is_ours

    monkeypatch.setattr("hf_lstm.files.partial_files.try_lock", lose_first)
    with open_partial(tmp_path / "a.csv") as stream:
        stream.write("new")
    assert (tmp_path / "a.csv").read_text() == "new"
    assert answers == []


def test_threads_that_write_one_file_have_files_of_their_own_on_the_way(tmp_path):
    path = tmp_path / "a.json"

    def write(number: int) -> None:
        with open_partial(path) as stream:
            stream.write(f"{number}")
            both_write.wait()

    both_write = threading.Barrier(2, timeout=30)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    assert path.read_text() in ("0", "1")
    assert list(tmp_path.iterdir()) == [path]
