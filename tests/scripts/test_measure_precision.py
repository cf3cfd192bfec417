"""`scripts/measure_precision.py`: what it compares, and what it refuses."""

import json
import math
import runpy
import shutil
from pathlib import Path

import pytest
import torch

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "measure_precision.py"))


def test_labels_probabilities_and_margins_are_compared_row_by_row():
    exact = torch.tensor([[0.0, 2.0], [1.0, 1.25], [0.0, -4.0]])
    rounded = torch.tensor([[1.0, 3.0], [1.0, 0.75], [0.0, -4.0]])
    config = ModelConfig(vocab_size=9, id2label={0: "neg", 1: "pos"}, temperature=0.5)
    found = SCRIPT["compare"](rounded, exact, config)
    assert found == {
        "same_labels": pytest.approx(2 / 3),
        "largest_difference": pytest.approx(math.tanh(0.25), abs=1e-6),
        "largest_margin_difference": 0.5,
        "largest_margin": 4.0,
    }


def test_a_narrow_model_is_measured_in_both_and_left_in_float32(tmp_path, tiny_model_folder, capsys):
    output, data = tmp_path / "precision.json", tmp_path / "reviews.csv"
    data.write_text("text,label\na wonderful film,pos\ndull,neg\n")
    SCRIPT["main"]([str(tiny_model_folder), "--dataset", str(data), "--device", "cpu", "--output", str(output)])
    command, figures = json.loads(output.read_text()).values()
    assert command.startswith("python scripts/measure_precision.py ")
    assert str(tmp_path) not in command
    assert figures["num_reviews"] == 2
    margin = figures["auto"].pop("largest_margin")
    assert margin == figures["bfloat16"]["largest_margin"] > 0
    same = {"same_labels": 1.0, "largest_difference": 0.0, "largest_margin_difference": 0.0, "dtype": "float32"}
    assert figures["auto"] == same
    assert 0 < figures["bfloat16"]["largest_difference"] < 0.05
    assert "auto (float32) gives 100.00 % the label of float32" in capsys.readouterr().out


def test_two_models_of_one_name_are_refused(tmp_path, tiny_model_folder):
    other = shutil.copytree(tiny_model_folder, tmp_path / "other" / tiny_model_folder.name)
    with pytest.raises(InputError, match="same name"):
        SCRIPT["main"]([str(tiny_model_folder), str(other)])


def test_a_missing_folder_is_refused_before_any_work(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        SCRIPT["main"](["no-model", "--output", str(tmp_path / "no" / "file.json")])
