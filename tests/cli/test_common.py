import os
from pathlib import Path

import pytest

from hf_lstm.cli.common import check_output_file
from hf_lstm.errors import InputError


@pytest.mark.parametrize("name", ["figures.json", "folder/new.json", "folder/there.json"])
def test_a_file_that_can_be_written_is_fine(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "there.json").write_text("{}")
    check_output_file(None)
    check_output_file(tmp_path / name)
    check_output_file(Path(name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none/a.json", "there is no folder .*none; make it first"),
        ("folder", "is a folder, expected the name of a file"),
    ],
)
def test_unusable_outputs_are_refused(tmp_path, name, expected):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=f"^--output .*{name}: {expected}"):
        check_output_file(tmp_path / name)


def test_a_folder_that_can_not_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))  # root may write anywhere
    with pytest.raises(InputError, match="can't be written; choose another"):
        check_output_file(tmp_path / "a.json")
