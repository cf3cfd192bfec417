"""A model folder that is written over another one, when the process dies or the disk is full."""

import os
import shutil
import sys

import pytest
import torch

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.tokenization.build import train_tokenizer
from trials.crashes.calls import MODES, Calls, run_forked

needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="follows files through /proc")


def make_other_model():
    """A model whose tokenizer and width differ from those of `tiny_model`."""
    tokenizer = train_tokenizer(["quite other words, all of them"], TokenizerConfig())
    settings = ModelSettings(embedding_dim=4, hidden_size=5)
    return LSTMSentiment(settings.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["a", "b"]), tokenizer)


@needs_proc
@pytest.mark.parametrize("mode", MODES)
def test_the_folder_is_the_old_model_or_the_new_one_wherever_the_process_dies(tiny_model_folder, tmp_path, mode):
    torch.set_num_threads(1)  # so that the process can be forked
    other = make_other_model()
    other.save_pretrained(tmp_path / "new")
    shutil.copytree(tiny_model_folder, tmp_path / "count")
    with Calls(tmp_path / "count").watching() as calls:
        other.save_pretrained(tmp_path / "count")
    assert {"open", "write", "fsync", "rename", "mkdir"} <= set(calls.names)
    names = ("config.json", "model.safetensors", "tokenizer.json", "README.md")
    whole = {tuple((folder / name).read_bytes() for name in names) for folder in (tiny_model_folder, tmp_path / "new")}
    assert len(whole) == 2
    seen = set()
    for number in range(MODES.index(mode), len(calls.names), 5):  # all of them: scripts/crash_matrix.py
        folder = tmp_path / str(number)
        shutil.copytree(tiny_model_folder, folder)
        with Calls(folder, number, mode).watching():
            code = run_forked(lambda folder=folder: other.save_pretrained(folder))
        assert code == -9 or mode in ("ENOSPC", "EIO"), calls.names[number]
        LSTMSentiment.from_pretrained(folder)
        found = tuple((folder / name).read_bytes() for name in names)
        assert found in whole, (number, calls.names[number])
        seen.add(found)
        other.save_pretrained(folder)  # removes what was left
        assert sorted(os.listdir(folder)) == sorted(os.listdir(tmp_path / "new"))
    assert seen == whole or mode in ("ENOSPC", "EIO")


def test_a_full_disk_is_one_line_and_nothing_changes(tiny_model_folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in tiny_model_folder.iterdir()}

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.write", fail)
        with pytest.raises(InputError, match=r"cannot be written: No space left on device; [0-9,]+ bytes are needed"):
            make_other_model().save_pretrained(tiny_model_folder)
    assert {path.name: path.read_bytes() for path in tiny_model_folder.iterdir()} == before
