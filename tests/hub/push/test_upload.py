"""A push to a Hub without faults: what arrives, and what is left."""

import re

import huggingface_hub
import pytest
from local_hub import WRITE_TOKEN
from model_pushes import PUSHED, REPO, RESULTS, make_card, push, read_pushed

from hf_lstm.errors import InputError


def test_push_uploads_the_model_folder_and_nothing_else(hub, folder):
    url = push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert url == f"{hub.endpoint}/{REPO}/commit/{hub.commits(REPO)[-1]}"
    assert len(hub.commits(REPO)) == 2  # the Hub's own first one, and the push
    assert hub.count("lfs-upload") == 1
    assert not hub.repos["model", REPO].is_private


def test_push_without_card_provenance_or_plots(hub, folder):
    for name in set(PUSHED) - {"config.json", "model.safetensors", "tokenizer.json"}:
        (folder / name).unlink()
    push(folder)
    assert set(hub.files(REPO)) == {"config.json", "model.safetensors", "tokenizer.json"}


def test_push_to_an_existing_repository_adds_one_commit_and_keeps_its_other_files(hub, folder):
    hub.add_repo(REPO, files={"config.json": b"old", "other.txt": b"kept"})
    push(folder)
    assert hub.files(REPO) == {**read_pushed(folder), "other.txt": b"kept"}
    assert len(hub.commits(REPO)) == 2


def test_pushing_again_says_that_nothing_changed_and_sends_nothing(hub, folder, client_log, capfd):
    first = push(folder)
    client_log.clear()
    hub.requests.clear()
    assert push(folder) == first
    assert client_log.messages == [f"nothing changed, all is there already: {first}"]
    assert capfd.readouterr() == ("", "")
    assert hub.count("preupload", "lfs-batch", "commit") == 0


def test_the_weights_are_not_sent_again_with_a_new_card(hub, folder):
    push(folder)
    (folder / "README.md").write_bytes(make_card("two"))
    hub.requests.clear()
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert hub.count("preupload", "lfs-batch", "commit") == 2  # files and commit, but no LFS objects


def test_pushing_again_commits_only_what_changed(hub, folder):
    first = push(folder)
    assert push(folder) == first
    assert len(hub.commits(REPO)) == 2
    (folder / "results.json").write_bytes(RESULTS.replace(b"{", b'{\n  "seed": 1,', 1))
    assert push(folder) != first
    assert len(hub.commits(REPO)) == 3
    assert hub.files(REPO) == read_pushed(folder)
    assert hub.count("lfs-upload") == 1


def test_push_takes_the_token_of_the_environment(hub, folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    push(folder, token=None)
    assert {request.token for request in hub.requests if request.endpoint not in ("lfs-upload",)} == {WRITE_TOKEN}


def test_push_leaves_xet_storage_aside(hub, folder, monkeypatch):
    """As users have it, Xet is on; its uploads could not be bounded."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert hub.count("lfs-upload") == 1
    assert hub.count("unknown") == 0
    assert huggingface_hub.constants.HF_HUB_DISABLE_XET is False


def test_push_makes_a_private_repository(hub, folder):
    push(folder, private=True)
    assert hub.repos["model", REPO].is_private


def test_push_does_not_publish_what_should_be_private(hub, folder):
    hub.add_repo(REPO, files={})
    with pytest.raises(InputError, match="'me/imdb-lstm' is public: make it private in its settings"):
        push(folder, private=True)
    assert hub.count("preupload", "lfs-batch", "lfs-upload", "commit") == 0


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_push_of_half_a_model_asks_the_hub_nothing(hub, folder, missing):
    (folder / missing).unlink()
    with pytest.raises(InputError, match=f"has no {re.escape(missing)}; expected a saved LSTMSentiment"):
        push(folder)
    assert hub.requests == []
