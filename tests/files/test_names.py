from pathlib import Path

import pytest

from hf_lstm import InputError
from hf_lstm.cli.predict import parse_arguments
from hf_lstm.config import DataConfig
from hf_lstm.files.names import expand_home
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.rows.early_checks import check_source


def test_a_tilde_is_the_home_folder_of_models_and_outputs(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    tiny_model.save_pretrained("~/model")
    assert fetch_model_folder("~/model") == tmp_path / "home" / "model"
    assert parse_arguments(["--output=~/scored.csv", "a text"]).output == tmp_path / "home" / "scored.csv"
    assert not Path("~").exists()


def test_a_home_that_nobody_has_stays_a_name():
    assert expand_home("~nobody-is-called-so/a.csv") == Path("~nobody-is-called-so/a.csv")
    with pytest.raises(InputError, match="there is no such file or folder"):
        check_source(DataConfig(dataset="~nobody-is-called-so/a.csv"))
