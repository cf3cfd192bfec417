import errno
import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file

from hf_lstm import InputError
from hf_lstm.errors import StorageError
from hf_lstm.storage import checkpoints as module
from hf_lstm.storage.checkpoints import Checkpoints

STATE = {
    "step": 7,
    "loss": 0.1,
    "name": "ü",
    "best": None,
    "model": {"w": torch.arange(6.0).reshape(2, 3).t(), "empty": torch.empty(0, 3), "flag": torch.tensor(True)},
    "optimizer": {"state": {0: {"step": torch.tensor(3.0)}, 1: {"m": torch.tensor([1.5], dtype=torch.bfloat16)}}},
    "random": [torch.tensor([1, 2], dtype=torch.uint8), [1, 2.5, "x"]],
}


def assert_same(first, second):
    if isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype
        assert torch.equal(first, second)
    elif isinstance(first, dict):
        assert list(first) == list(second)
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, list):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    else:
        assert (type(first), first) == (type(second), second)


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_state_comes_back_as_it_was(tmp_path):
    checkpoints = Checkpoints(tmp_path / "deep" / "folder")
    assert checkpoints.load_latest() is None
    checkpoints.save(STATE)
    assert_same(Checkpoints(checkpoints.folder).load_latest(), STATE)
    saved = load_file(checkpoints.folder / "checkpoint-000001" / "tensors.safetensors")  # by the library itself
    assert torch.equal(saved["model.w"], STATE["model"]["w"])


def test_what_is_neither_tensor_nor_json_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"a\.1 is set"):
        Checkpoints(tmp_path).save({"a": [1, {2}]})
    assert not os.listdir(tmp_path)


def test_the_two_latest_stay(tmp_path):
    for step in range(4):
        Checkpoints(tmp_path).save({"step": step})
    assert sorted(os.listdir(tmp_path)) == ["checkpoint-000003", "checkpoint-000004"]
    assert Checkpoints(tmp_path).load_latest() == {"step": 3}


@pytest.mark.parametrize("file", ["tensors.safetensors", "state.json", "manifest.json"])
@pytest.mark.parametrize("damage", [flip_a_byte, os.unlink, lambda path: os.truncate(path, 10)])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, file, damage):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        checkpoints.save({"step": step, "w": torch.ones(50)})
    damage(tmp_path / "checkpoint-000002" / file)
    assert checkpoints.load_latest()["step"] == 1
    damage(tmp_path / "checkpoint-000001" / file)
    with pytest.raises(InputError, match=r"all checkpoints in .* are damaged; pass --overwrite "):
        checkpoints.load_latest()


@pytest.mark.parametrize("manifest", ["{}", '{"state.json": {}}', '{"a\\u0000b": {"sha256": ""}}'])
def test_a_manifest_that_vouches_for_other_files_is_damage(tmp_path, caplog, manifest):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        checkpoints.save({"step": step, "w": torch.ones(50)})
    flip_a_byte(tmp_path / "checkpoint-000002" / "tensors.safetensors")
    (tmp_path / "checkpoint-000002" / "manifest.json").write_text(manifest)
    assert checkpoints.load_latest()["step"] == 1
    assert caplog.messages == [
        f"the checkpoint {tmp_path / 'checkpoint-000002'} is damaged: manifest.json does not list its files; "
        "the one before it is taken"
    ]


def test_what_is_no_folder_is_removed_as_half_written_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "checkpoint-000003.partial").write_text("x")
    (tmp_path / "own" / "checkpoint-000004.partial").symlink_to(tmp_path / "precious")
    Checkpoints(tmp_path / "own")
    assert not os.listdir(tmp_path / "own")
    assert (tmp_path / "precious").is_dir()


def test_what_a_dead_process_left_is_removed(tmp_path):
    (tmp_path / "checkpoint-000003.partial").mkdir()
    (tmp_path / "checkpoint-000003.partial" / "state.json").write_text("{")
    assert Checkpoints(tmp_path).load_latest() is None
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("call", ["write", "fsync", "mkdir"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_is_one_line_and_keeps_the_earlier_checkpoint(tmp_path, monkeypatch, call, code):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1, "w": torch.ones(50)})

    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StorageError, match=r"checkpoint-000002.* cannot be written: .*; [0-9]+ bytes are needed"):
            checkpoints.save({"step": 2, "w": torch.ones(50)})
    assert os.listdir(tmp_path) == ["checkpoint-000001"]
    assert checkpoints.load_latest()["step"] == 1


def test_a_folder_that_was_removed_meanwhile_is_named_and_not_made_again(tmp_path):
    run = tmp_path / "runs" / "mine"
    (run / ".unfinished").mkdir(parents=True)
    checkpoints = Checkpoints(run / ".unfinished" / "checkpoints")
    checkpoints.save({"step": 1})
    shutil.rmtree(run)
    with pytest.raises(StorageError, match=rf"; {run} is gone, deleted or moved meanwhile; put it back, or start"):
        checkpoints.save({"step": 2})
    assert not run.exists()


def test_checkpoints_are_due_by_steps_by_time_and_at_the_end_of_epochs(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    by_steps = Checkpoints(tmp_path, every_s=None, every_steps=5)
    assert [step for step in range(1, 12) if by_steps.is_due(step)] == [5, 10]
    assert by_steps.is_due(11, ends_epoch=True)
    by_time = Checkpoints(tmp_path, every_s=60)
    now[0] = 59.0
    assert not by_time.is_due(1)
    assert by_time.is_due(1, ends_epoch=True)
    now[0] = 60.0
    assert by_time.is_due(1)


def test_the_end_of_an_epoch_is_passed_over_where_saving_would_take_too_long(tmp_path, monkeypatch):
    now = [1_000.0]  # of any clock
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    checkpoints = Checkpoints(tmp_path, every_s=300)
    monkeypatch.setattr(module, "write_new_file", lambda *_: now.__setitem__(0, now[0] + 1.0) or "digest")
    checkpoints.save({"step": 1})  # takes three seconds
    now[0] = 1_003 + 59.0
    assert not checkpoints.is_due(2, ends_epoch=True)
    now[0] = 1_003 + 60.0
    assert checkpoints.is_due(2, ends_epoch=True)


def test_the_manifest_has_size_and_digest_of_each_file(tmp_path):
    Checkpoints(tmp_path).save({"w": torch.ones(3)})
    folder = tmp_path / "checkpoint-000001"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {name: said["bytes"] for name, said in manifest.items()} == {
        name: (folder / name).stat().st_size for name in ("tensors.safetensors", "state.json")
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
def test_a_file_that_is_no_file_is_a_damaged_checkpoint(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        checkpoints.save({"step": step})
    state = tmp_path / "checkpoint-000002" / "state.json"
    state.unlink()
    os.mkfifo(state)  # nobody ever writes into it
    assert checkpoints.load_latest() == {"step": 1}
