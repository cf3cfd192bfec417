import errno
import os
from pathlib import Path

import pytest

from hf_lstm import InputError
from hf_lstm.errors import StorageError
from hf_lstm.searching.folder import claim_search_folder
from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.storage.output_folder import claim_output_folder, fill_output_folder


def fill(folder, content="new"):
    (folder / "config.json").write_text(content)


def run(output_dir, *, overwrite=False, content="new"):
    with fill_output_folder(output_dir, overwrite=overwrite) as staging:
        fill(staging, content)


def test_files_appear_when_the_block_ends_well(tmp_path):
    output_dir = tmp_path / "runs" / "a"
    with fill_output_folder(output_dir, overwrite=False) as staging:
        fill(staging)
        assert all(name.startswith(".") for name in os.listdir(output_dir))
    assert (output_dir / "config.json").read_text() == "new"
    assert os.listdir(tmp_path / "runs") == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_stays_when_it_does_not(tmp_path, error):
    output_dir = tmp_path / "a"
    with fill_output_folder(output_dir, overwrite=False) as staging:
        fill(staging, "old")
    with pytest.raises(error), fill_output_folder(output_dir, overwrite=True) as staging:  # noqa: PT012
        fill(staging, "half")
        raise error
    assert (output_dir / "config.json").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_another_run_is_kept_unless_overwritten(tmp_path):
    for content in ("first", "second"):
        with fill_output_folder(tmp_path / "a", overwrite=content == "second") as staging:
            fill(staging, content)
    with pytest.raises(InputError, match="--overwrite"), fill_output_folder(tmp_path / "a", overwrite=False):
        pytest.fail("entered")
    assert (tmp_path / "a" / "config.json").read_text() == "second"


def test_every_file_of_a_saved_model_is_that_of_a_run(tmp_path, tiny_model):
    tiny_model.save_pretrained(tmp_path / "a")
    run(tmp_path / "a", overwrite=True)
    assert os.listdir(tmp_path / "a") == ["config.json"]


def test_files_that_no_run_wrote_are_never_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.tex"), fill_output_folder(tmp_path, overwrite=True):
        pytest.fail("entered")
    assert (tmp_path / "thesis.tex").exists()


def test_an_output_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "a").write_text("")
    for output_dir in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(InputError, match="output folder"), fill_output_folder(output_dir, overwrite=True):
            pytest.fail("entered")


def test_a_readme_of_somebody_else_is_kept(tmp_path):
    (tmp_path / "README.md").write_text("my own notes")
    with pytest.raises(InputError, match="README"):
        run(tmp_path, overwrite=True)
    assert (tmp_path / "README.md").read_text() == "my own notes"


def test_an_empty_current_folder_is_filled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(Path("."))
    assert os.listdir(tmp_path) == ["config.json"]


def test_links_are_followed_and_stay(tmp_path):
    (tmp_path / "target").mkdir()
    for name in ("target", "new"):
        link = tmp_path / f"to-{name}"
        link.symlink_to(tmp_path / name)
        run(link)
        assert link.is_symlink()
        assert (tmp_path / name / "config.json").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["new", "target", "to-new", "to-target"]


def test_what_an_evaluation_added_goes_with_its_run(tmp_path):
    run(tmp_path / "a", content="old")
    (tmp_path / "a" / "metrics.json").write_text("{}")
    run(tmp_path / "a", overwrite=True)
    assert os.listdir(tmp_path / "a") == ["config.json"]
    assert (tmp_path / "a" / "config.json").read_text() == "new"


def test_checkpoints_that_cannot_be_removed_do_not_fail_a_run_that_is_in_place(tmp_path, monkeypatch):
    unlink = os.unlink

    def fail(path, **options):
        if path == "state.json":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        unlink(path, **options)

    with claim_output_folder(tmp_path / "a", overwrite=False) as folder:
        Checkpoints(folder.checkpoints).save({})
        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", fail)
            with folder.fill() as staging:
                fill(staging)
            assert list(folder.work.rglob("state.json"))
        assert not folder.can_be_resumed
    assert os.listdir(tmp_path / "a") == ["config.json"]


def test_what_a_process_left_that_died_at_its_last_steps_goes_also_when_nothing_is_left_to_do(tmp_path, tiny_model):
    tiny_model.save_pretrained(tmp_path / "a")
    (tmp_path / "a" / "results.json").write_text("{}")
    before = sorted(os.listdir(tmp_path / "a"))
    for name in (".unfinished.1a2b3c4d.partial", ".new-1a2b3c4d5e6f.partial"):
        (tmp_path / "a" / name).mkdir()
        (tmp_path / "a" / name / "lock").write_text("")
    with claim_output_folder(tmp_path / "a", overwrite=False, resume=True) as folder:
        assert folder.is_finished
    assert sorted(os.listdir(tmp_path / "a")) == before


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("claim", [claim_output_folder, claim_search_folder])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("circle", "cannot be written: Too many levels of symbolic links; choose another"),
        ("a" * 256, "cannot be written: File name too long; choose another"),
        ("file/run", "cannot be written: Not a directory; choose another"),
        ("file", "is a file; choose another"),
        ("caf\udce9", r"output folder '.*caf.udce9' is no name in UTF-8; choose another"),
        ("a\0b", r"output folder '.*a.x00b' is no name in UTF-8; choose another"),
    ],
    ids=["circle", "long", "in a file", "file", "latin-1", "nul"],
)
def test_what_can_be_no_folder_is_told(tmp_path, claim, name, reason):
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=reason), claim(tmp_path / name, overwrite=False, resume=True):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["circle", "file"]


def test_a_disk_that_has_become_read_only_does_not_hide_why_a_run_ended(tmp_path, monkeypatch):
    def end():
        with claim_output_folder(tmp_path / "run", overwrite=False):
            monkeypatch.setattr("pathlib.Path.rename", refuse)
            raise InputError("the cause")

    with pytest.raises(InputError, match="the cause"):
        end()


def test_checkpoints_that_stay_are_told(tmp_path, monkeypatch):
    def end():
        with claim_output_folder(tmp_path / "run", overwrite=False) as folder, folder.fill():
            folder.checkpoints.mkdir()
            monkeypatch.setattr(
                "hf_lstm.files.replacement._move_files", lambda _: monkeypatch.setattr(Path, "rename", refuse)
            )

    with pytest.raises(StorageError, match=r"checkpoints cannot be written: Read-only file system"):
        end()


def refuse(self, target):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))


@pytest.mark.parametrize("name", ["metrics.jsonl", "lock", "run.json", "checkpoints"])
def test_links_in_the_folder_of_a_run_are_refused_and_what_they_lead_to_stays(tmp_path, name):
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "run" / ".unfinished").mkdir(parents=True)
    (tmp_path / "run" / ".unfinished" / name).symlink_to(tmp_path / "precious")
    told = "cannot be written: " if name == "lock" else f"{name} is a link, which no run makes; remove it, or choose"
    with (
        pytest.raises(InputError, match=told),
        claim_output_folder(tmp_path / "run", overwrite=False, resume=True),
    ):
        pytest.fail("claimed")
    assert (tmp_path / "precious").read_text() == "kept"


@pytest.mark.parametrize("kind", ["pipe", "folder", "large file"])
def test_a_card_that_no_run_wrote_is_not_read_to_its_end(tmp_path, kind):
    card = tmp_path / "README.md"
    if kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("there are no named pipes")
        os.mkfifo(card)
    elif kind == "folder":
        card.mkdir()
    else:
        card.touch()
        os.truncate(card, 2**33)
    with (
        pytest.raises(InputError, match=r"README\.md (is no regular file|has 8,589,934,592 bytes)"),
        claim_output_folder(tmp_path, overwrite=True),
    ):
        pytest.fail("claimed")
