"""`scripts/check_javascript.py` and `scripts/check_browser.py`: what they find without the programs that they need."""

import runpy
import shutil
from pathlib import Path

import pytest

from hf_lstm.errors import InputError

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def test_a_missing_npm_package_is_said_with_its_remedy(tmp_path):
    script = runpy.run_path(str(SCRIPTS / "check_javascript.py"))
    with pytest.raises(InputError, match="npm install @huggingface/tokenizers"):
        script["main"]([str(tmp_path), "--node-modules", str(tmp_path)])


def test_a_missing_browser_is_said_with_its_remedy(tmp_path, monkeypatch):
    script = runpy.run_path(str(SCRIPTS / "check_browser.py"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match="apt-get install chromium"):
        script["main"](["space/model"])


def test_the_reviews_are_those_of_the_sample():
    script = runpy.run_path(str(SCRIPTS / "check_javascript.py"))
    reviews = script["read_reviews"](3)
    assert len(set(reviews)) == 3
    assert all(len(review) > 100 for review in reviews)
