"""The same run has the same card, so that an edit of it is noticed."""

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rendered_cards import REPO_ROOT, render
from run_records import make_recipe, make_results

from hf_lstm.edit_mark import is_unedited


def test_rendering_changes_nothing_and_repeats_exactly():
    recipe, results = make_recipe(), make_results()
    before = copy.deepcopy((recipe, results))
    assert render(recipe=recipe, results=results) == render(recipe=recipe, results=results)
    assert (recipe, results) == before


def test_provenance_read_back_from_json_gives_the_same_card():
    recipe, results = (json.loads(json.dumps(value)) for value in (make_recipe(), make_results()))
    assert render(recipe=recipe, results=results) == render()


@pytest.mark.parametrize(
    "edit",
    [
        lambda card: card.replace("86.53 %", "96.53 %", 1),
        lambda card: card + "\nMy own notes.\n",
        lambda card: card.replace("language: en", "language: de"),
        lambda card: re.sub(r"<!-- generated.*-->", "", card),
        lambda card: "",
        lambda card: "---\nlicense: mit\n---\n\n# Mine\n",
    ],
    ids=["a figure", "more text", "front matter", "no marker", "empty", "another card"],
)
def test_an_edit_is_noticed(edit):
    assert is_unedited(render())
    assert not is_unedited(edit(render()))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_mark_are_no_edit(newline):
    assert is_unedited("\ufeff" + render().replace("\n", newline).rstrip())


def test_an_installed_package_renders_the_same_card(tmp_path):
    """A wheel carries the template among the package's resources, and nothing of the checkout is beside it."""
    package = tmp_path / "hf_lstm"
    shutil.copytree(REPO_ROOT / "hf_lstm", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO_ROOT / "model_card.md", package / "resources" / "model_card.md")
    code = """
import sys
from hf_lstm.hub.cards.card import render_card
from hf_lstm.config import ModelConfig
config = ModelConfig(vocab_size=25_002, id2label={0: "neg", 1: "pos"})
sys.stdout.write(sys.modules["hf_lstm.hub.cards.card"].__file__ + "\\n")
sys.stdout.write(render_card(config=config, recipe=None, results=None, repo_id=None))
"""
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    used, _, card = output.partition("\n")
    assert Path(used) == package / "hub" / "cards" / "card.py"
    assert card == render(recipe=None, results=None, repo_id=None)  # whose config differs in nothing that is shown
