import json

import numpy as np
import pytest
from measure_short_texts import TEXTS, ShortText, main, measure_kinds, read_texts

from hf_lstm.errors import InputError


def test_the_texts_are_balanced_and_each_stands_once():
    texts = read_texts(TEXTS)
    assert len({each.text for each in texts}) == len(texts)
    for kind in {each.kind for each in texts}:
        labels = [each.label for each in texts if each.kind == kind]
        assert labels.count("pos") == labels.count("neg") > 10, kind


def test_kinds_and_whole_pairs_are_counted():
    labels = ["pos", "neg", "pos", "neg", "pos"]
    texts = [ShortText(str(row), label, "pair" if row < 4 else "word") for row, label in enumerate(labels)]
    sure_pos, sure_neg = [0.0, 1.0], [1.0, 0.0]
    answers = np.array([sure_pos, sure_neg, sure_pos, sure_pos, [0.75, 0.25]], dtype=np.float32)
    found = measure_kinds(texts, answers, ["neg", "pos"])
    assert found["all"]["accuracy"] == pytest.approx(3 / 5)
    assert (found["pair"]["accuracy"], found["pair"]["whole_pairs"], found["word"]["accuracy"]) == (0.75, 0.5, 0.0)
    assert found["word"] == {
        "num_texts": 1, "accuracy": 0.0, "mean_probability": 0.75, "expected_calibration_error": 0.75,
    }  # fmt: skip
    with pytest.raises(InputError, match="does not have the labels neg, pos"):
        measure_kinds(texts, answers, ["a", "b"])


def test_a_broken_pair_is_one_line(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text,label,kind\nGood.,pos,pair\nFine.,pos,pair\n")
    with pytest.raises(InputError, match="must stand two by two, with different labels"):
        read_texts(path)


def test_the_figures_are_written(tmp_path, tiny_model_folder, capsys):
    main([str(tiny_model_folder), "--output", str(tmp_path / "found.json"), "--device", "cpu"])
    command, figures = json.loads((tmp_path / "found.json").read_text()).values()
    assert command == "python scripts/measure_short_texts.py tiny-model --output found.json --device cpu"
    assert figures["all"]["num_texts"] == len(read_texts(TEXTS))
    assert "everyday" in capsys.readouterr().out
