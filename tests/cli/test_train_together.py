"""`torchrun ... scripts/train.py`: what its processes write, and what they say."""

import json
import os
import sys

import pytest
from forked import collect, start_all

from hf_lstm import InputError
from hf_lstm.cli import pretrain
from hf_lstm.cli.train import main

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks")

SMALL = ["train.num_epochs=2", "train.batch_size=16", "train.num_shards=4", "model.hidden_size=4"]
CONSISTENT = ["train.unlabeled=texts.txt", "train.unlabeled_batches_per_step=1", "train.entropy_weight=1"]


def set_torchrun(monkeypatch):
    """Have this process be the first of two."""
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.setenv(name, "0")
    for name, value in {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)


def test_two_processes_write_what_one_writes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"film {i} {'good' if i % 2 else 'bad'},{'pos' if i % 2 else 'neg'}" for i in range(60)]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    (tmp_path / "texts.txt").write_text("\n".join(f"film {i} of neither kind" for i in range(60)))

    def call(folder):
        data = ["--dataset", "reviews.csv", "--recipe", "pooled-bilstm", "--device", "cpu"]
        main([*data, "--output-dir", folder, "--no-baseline", "--set", *SMALL, *CONSISTENT])

    call("alone")

    def work(processes):
        file = open(f"said-{processes.rank}", "w+")  # noqa: SIM115
        sys.stdout = sys.stderr = file
        call("together")
        file.flush()

    found = collect(*start_all(work, 2, connects=False), 2)
    assert found == {0: None, 1: None}
    assert "saved in together" in (tmp_path / "said-0").read_text()
    assert (tmp_path / "said-1").read_text() == ""
    assert sorted(os.listdir(tmp_path)) == ["alone", "reviews.csv", "said-0", "said-1", "texts.txt", "together"]
    alone, together = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("alone", "together"))
    assert together["weights_sha256"] == alone["weights_sha256"]
    assert together["splits"] == alone["splits"]
    assert json.loads((tmp_path / "together" / "recipe.json").read_text())["train"]["num_shards"] == 4


def test_a_run_that_began_alone_without_shards_goes_on_alone(tmp_path, monkeypatch):
    set_torchrun(monkeypatch)
    (tmp_path / ".unfinished" / "checkpoints" / "checkpoint-000001").mkdir(parents=True)
    (tmp_path / ".unfinished" / "run.json").write_text('{"settings": {"train": {"num_shards": null}}}')
    with pytest.raises(InputError, match=r"began in one process, without train\.num_shards, .*: leave torchrun out"):
        main(["--dataset", "sample", "--output-dir", str(tmp_path), "--resume"])


def test_a_language_model_trains_in_one_process(monkeypatch):
    set_torchrun(monkeypatch)
    with pytest.raises(InputError, match="leave torchrun out"):
        pretrain.main(["--dataset", "sample"])
