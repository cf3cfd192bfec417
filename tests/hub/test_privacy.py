"""Which data anybody can read."""

import json

import pytest
from local_hub import WRITE_TOKEN

from hf_lstm.hub.privacy import is_data_public, is_folder_public
from hf_lstm.records.places import SAMPLE_ROWS_SHA256


@pytest.mark.parametrize(
    ("settings", "is_public"),
    [({}, True), ({"private": True}, False), ({"gated": True}, False)],
    ids=["public", "private", "gated"],
)
def test_the_hub_is_asked_whether_anybody_can_read_the_data(hub, monkeypatch, settings, is_public):
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)  # which may read more than others
    hub.add_repo("me/rows", repo_type="dataset", **settings)
    assert is_data_public("me/rows", "cd" * 32) == is_public
    assert not is_data_public("me/none", "cd" * 32)
    assert {request.token for request in hub.requests} == {None}


@pytest.mark.parametrize(
    ("source", "digest", "is_public"),
    [
        ("stanfordnlp/imdb", None, True), ("sample", None, True), ("copy", SAMPLE_ROWS_SHA256, True),
        ("sample", "cd" * 32, False), ("rows.csv", "cd" * 32, False), ("data in memory", None, False),
        (None, None, False),
    ],
)  # fmt: skip
def test_public_data_are_known_by_name_or_by_their_rows(hub, source, digest, is_public):
    assert is_data_public(source, digest) == is_public
    assert hub.requests == []


@pytest.mark.parametrize(
    ("recipe", "results", "is_public"),
    [
        (None, None, False), ("stanfordnlp/imdb", None, True), ("rows.csv", None, False),
        ("rows.csv", {"source": "stanfordnlp/imdb"}, True), ("stanfordnlp/imdb", {"source": "rows.csv"}, False),
        ("rows.csv", {"rows_sha256": SAMPLE_ROWS_SHA256}, True), ("rows.csv", {"rows_sha256": "cd" * 32}, False),
    ],
)  # fmt: skip
def test_results_say_of_which_data_a_model_is_or_else_its_recipe(tmp_path, recipe, results, is_public):
    if recipe is not None:
        (tmp_path / "recipe.json").write_text(json.dumps({"data": {"dataset": recipe}}))
    if results is not None:
        (tmp_path / "results.json").write_text(json.dumps({"dataset": results}))
    assert is_folder_public(tmp_path) == is_public
