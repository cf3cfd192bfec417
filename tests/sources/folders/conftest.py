"""A cache of data sets for each test, and what was logged."""

import logging

import datasets
import pytest


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets-cache"))


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="hf_lstm")
    return caplog
