import re
import subprocess

import pytest

from hf_lstm import provenance
from hf_lstm.provenance import find_commit, list_versions


def git(folder, *arguments):
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository whose one package holds the module."""
    module = tmp_path / "package" / "provenance.py"
    module.parent.mkdir()
    module.write_text("# as committed\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    monkeypatch.setattr(provenance, "__file__", str(module))
    return tmp_path


def test_versions_are_those_of_python_and_of_every_package_that_decides_a_result():
    versions = list_versions()
    assert {"python", "hf-lstm", "torch", "tokenizers", "datasets"} <= set(versions)
    assert all(version[0].isdigit() for version in versions.values())


def test_the_commit_says_whether_files_differ_from_it(checkout):
    (checkout / "notes.txt").write_text("not tracked, so no part of the code")
    commit = find_commit()
    assert re.fullmatch("[0-9a-f]{40}", commit)
    (checkout / "package" / "provenance.py").write_text("# changed since\n")
    assert find_commit() == f"{commit}+changes"


def test_a_package_installed_into_another_repository_has_no_commit(checkout, monkeypatch):
    installed = checkout / "venv" / "package" / "provenance.py"
    installed.parent.mkdir(parents=True)
    monkeypatch.setattr(provenance, "__file__", str(installed))
    assert find_commit() is None


def test_without_a_repository_there_is_no_commit(checkout):
    (checkout / ".git").rename(checkout / "no-longer-git")
    assert find_commit() is None


def test_without_git_there_is_no_commit(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert find_commit() is None
