"""`scripts/estimate_training.py`: what it says a run takes, and what it refuses."""

import json
import os
import runpy
from pathlib import Path

import pytest

from benchmarking.harness.instruction_sets import list_limits
from hf_lstm.errors import InputError

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "estimate_training.py"))
SMALL = ["--dataset", "sample", "--set", "model.hidden_size=4", "model.embedding_dim=4"]


def test_a_run_of_all_epochs_takes_its_tokens_at_the_measured_speed(tmp_path, capsys):
    output = tmp_path / "estimates.json"
    settings = [*SMALL, "train.num_epochs=7", "train.batch_size=8"]
    SCRIPT["main"](["packed-lstm", *settings, "--num-steps", "3", "--output", str(output)])
    estimate = json.loads(output.read_text())["packed-lstm"]
    assert estimate["num_measured_steps"] == 3
    assert 0 < estimate["num_measured_tokens"] < estimate["num_tokens_per_epoch"]
    num_tokens = estimate["num_epochs"] * estimate["num_tokens_per_epoch"]
    assert estimate["num_epochs"] == 7
    assert estimate["estimated_s"] == pytest.approx(num_tokens / estimate["tokens_per_s"])
    assert "packed-lstm" in capsys.readouterr().out


def test_a_language_model_takes_its_tokens_at_the_measured_speed(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(f"a film like {row},{row % 2}\n" for row in range(60)))
    output = tmp_path / "estimates.json"
    settings = ["--set", "model.hidden_size=4", "model.embedding_dim=4", "pretrain.batch_size=1"]
    arguments = ["--dataset", str(tmp_path / "rows.csv"), *settings, "--num-steps", "2", "--output", str(output)]
    SCRIPT["main"](["lm", *arguments])
    estimate = json.loads(output.read_text())["lm"]
    assert estimate["num_measured_tokens"] == 2 * 4
    num_tokens = estimate["num_epochs"] * estimate["num_tokens_per_epoch"]
    assert estimate["estimated_s"] == pytest.approx(num_tokens / estimate["tokens_per_s"])


def test_an_estimate_says_what_its_steps_were_limited_to(tmp_path, monkeypatch):
    for name in list_limits("AVX2"):
        monkeypatch.setenv(name, "")  # put back at the end
    output = tmp_path / "estimates.json"
    settings = [*SMALL, "train.batch_size=64", "--num-steps", "1"]
    SCRIPT["main"](["packed-lstm", *settings, "--max-isa", "avx2", "--output", str(output)])
    assert json.loads(output.read_text())["packed-lstm"]["max_isa"] == "AVX2"
    assert {name: os.environ[name] for name in list_limits("AVX2")} == list_limits("AVX2")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["no-such-recipe"], "no recipe 'no-such-recipe'"),
        (["packed-lstm", *SMALL, "--num-steps", "0"], "at least 1"),
        (["packed-lstm", *SMALL, "--output", "no/such/folder.json"], "no folder no/such"),
        (["packed-lstm", *SMALL, "train.batch_size=100000"], "but one step"),
    ],
)
def test_bad_input_is_one_line(arguments, complaint):
    with pytest.raises(InputError, match=complaint):
        SCRIPT["main"](arguments)
