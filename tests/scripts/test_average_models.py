"""Tests that weights are averaged, and only those of models that are alike."""

import dataclasses

import pytest
import torch
from average_models import main

from hf_lstm import LSTMSentiment
from hf_lstm.errors import InputError


def test_an_average_has_the_mean_of_each_weight_and_no_calibration(tiny_model, tmp_path):
    folders = []
    for number in range(3):
        with torch.no_grad():
            for weight in tiny_model.parameters():
                weight.fill_(2.0**number)
        tiny_model.config = dataclasses.replace(tiny_model.config, temperature=1.5)
        tiny_model.save_pretrained(tmp_path / str(number))
        folders.append(str(tmp_path / str(number)))
    main([*folders, "--output-dir", str(tmp_path / "average")])
    average = LSTMSentiment.from_pretrained(tmp_path / "average")
    assert average.config.temperature == 1.0
    for weight in average.parameters():
        torch.testing.assert_close(weight.detach(), torch.full_like(weight, 7 / 3))
    assert average.require_tokenizer().to_str() == tiny_model.require_tokenizer().to_str()


@pytest.mark.parametrize("changed", [{"id2label": {0: "bad", 1: "good"}}, {"hidden_size": 9}, {"pooling": "mean"}])
def test_models_that_are_not_alike_are_refused(tiny_model, tmp_path, changed):
    tiny_model.save_pretrained(tmp_path / "one")
    other = LSTMSentiment(dataclasses.replace(tiny_model.config, **changed), tiny_model.tokenizer)
    other.save_pretrained(tmp_path / "other")
    with pytest.raises(InputError, match=r"one and .*other: other (labels|settings), expected the same"):
        main([str(tmp_path / "one"), str(tmp_path / "other"), "--output-dir", str(tmp_path / "average")])
    assert not (tmp_path / "average").exists()
