import dataclasses
import importlib

import pytest

import hf_lstm
from hf_lstm import shipped
from hf_lstm.config.recipes.catalog import get_recipe


@pytest.mark.parametrize("folder", [hf_lstm.FLAGSHIP, hf_lstm.FLAGSHIP_TINY], ids=["flagship", "tiny"])
def test_a_shipped_model_works_at_once(folder):
    model = hf_lstm.LSTMSentiment.from_pretrained(folder)
    assert model.predict("A wonderful film, I loved every minute of it.")["label"] == "pos"
    assert model.predict("A waste of time: dull, stupid and badly acted.")["label"] == "neg"


@pytest.mark.parametrize("name", ["flagship", "flagship-tiny"])
def test_a_shipped_model_has_the_network_of_its_recipe(name):  # which the benchmark times
    config, settings = hf_lstm.LSTMSentiment.from_pretrained(name).config, get_recipe(name).model
    for field in dataclasses.fields(settings):
        assert getattr(config, field.name) == getattr(settings, field.name), field.name


def test_an_installed_model_comes_before_that_of_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "PLACES", {"flagship": (tmp_path / "installed", tmp_path / "checkout")})
    assert shipped.find_shipped("flagship") == tmp_path / "checkout"
    (tmp_path / "installed").mkdir()
    assert shipped.find_shipped("flagship") == tmp_path / "installed"


def test_a_shipped_model_is_called_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = hf_lstm.LSTMSentiment.from_pretrained("flagship-tiny")
    assert model.num_parameters == hf_lstm.LSTMSentiment.from_pretrained(hf_lstm.FLAGSHIP_TINY).num_parameters
    assert shipped.locate_model("flagship") == str(hf_lstm.FLAGSHIP)
    assert shipped.locate_model("org/flagship") == "org/flagship"
    (tmp_path / "flagship").mkdir()  # somebody's own
    assert shipped.locate_model("flagship") == "flagship"


@pytest.mark.parametrize(("command", "name"), [("predict", "model"), ("serve", "model"), ("push", "folder")])
def test_commands_that_need_the_folder_find_it(tmp_path, monkeypatch, command, name):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(f"hf_lstm.cli.{command}")
    arguments = module.parse_arguments(["flagship", *(["a text"] if command == "predict" else [])])
    assert str(getattr(arguments, name)) == str(hf_lstm.FLAGSHIP)
