"""Pushes to branches, and as pull requests."""

import pytest
from local_hub import OTHER_TOKEN, Fault
from local_hub_repos import Blob, PullRequest
from model_pushes import HAND_MADE_CARD, PUSH_ENDPOINTS, REPO, RESULTS, expect_silence, make_card, push, read_pushed

from hf_lstm.errors import InputError


def test_push_to_a_branch_makes_it_and_leaves_main(hub, folder):
    hub.add_repo(REPO, files={"other.txt": b"kept"})
    url = push(folder, revision="experiments/one")
    assert hub.files(REPO) == {"other.txt": b"kept"}
    assert hub.files(REPO, revision="experiments/one") == {**read_pushed(folder), "other.txt": b"kept"}
    assert url.endswith(hub.repos["model", REPO].branches["experiments/one"])
    assert push(folder, revision="experiments/one") == url
    assert len(hub.commits(REPO)) == 2


@pytest.mark.parametrize("kind", ["drop", "lose_response"])
@pytest.mark.parametrize("endpoint", [*PUSH_ENDPOINTS, "branch"])
def test_push_to_a_branch_survives_a_lost_connection(hub, folder, short_waits, endpoint, kind):
    hub.inject(endpoint, Fault(kind))
    push(folder, revision="next")
    assert hub.files(REPO) == {}
    assert hub.files(REPO, revision="next") == read_pushed(folder)
    assert len(hub.commits(REPO)) == 2


def test_the_card_of_the_branch_is_the_one_that_is_kept(hub, folder):
    hub.add_repo(REPO, files={"README.md": make_card("another")})
    push(folder, revision="next")
    hub.repos["model", REPO].commit({"README.md": Blob(HAND_MADE_CARD)}, "next")
    push(folder, revision="next")
    assert hub.files(REPO, revision="next")["README.md"] == HAND_MADE_CARD


def test_a_pull_request_needs_no_right_to_write_and_changes_no_branch(hub, folder):
    hub.add_repo(REPO, files={"other.txt": b"kept"})
    url = push(folder, create_pr=True, token=OTHER_TOKEN, commit_message="A better one")
    assert url == f"{hub.endpoint}/{REPO}/discussions/1"
    assert hub.files(REPO) == {"other.txt": b"kept"}
    assert hub.files(REPO, revision="refs/pr/1") == {**read_pushed(folder), "other.txt": b"kept"}
    assert hub.repos["model", REPO].pull_requests == [PullRequest(1, "A better one", "someone-else")]


def test_a_pull_request_may_be_pushed_to(hub, folder):
    hub.add_repo(REPO)
    push(folder, create_pr=True)
    (folder / "results.json").write_bytes(RESULTS.replace(b"{", b'{\n  "seed": 1,', 1))
    push(folder, revision="refs/pr/1")
    assert hub.files(REPO, revision="refs/pr/1") == read_pushed(folder)
    assert hub.files(REPO) == {}


@pytest.mark.parametrize("kind", ["drop", "drop_mid_request", "drop_mid_body", "lose_response", "stall"])
@pytest.mark.parametrize("endpoint", [*PUSH_ENDPOINTS, "discussions"])
def test_a_pull_request_is_opened_once_whatever_is_lost(hub, folder, short_waits, monkeypatch, endpoint, kind):
    expect_silence(kind, monkeypatch)
    hub.add_repo(REPO)
    earlier = push(folder, create_pr=True)  # has the same title
    (folder / "results.json").write_bytes(RESULTS.replace(b"{", b'{\n  "seed": 1,', 1))
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 301)
    hub.inject(endpoint, Fault(kind))
    url = push(folder, create_pr=True)
    assert url == f"{hub.endpoint}/{REPO}/discussions/2" != earlier
    assert len(hub.repos["model", REPO].pull_requests) == 2
    assert hub.files(REPO, revision="refs/pr/2") == read_pushed(folder)


def test_a_pull_request_against_a_branch_that_is_not_there(hub, folder):
    hub.add_repo(REPO)
    with pytest.raises(InputError, match=r"repository 'me/imdb-lstm' at 'nowhere' has no such revision on the Hub"):
        push(folder, create_pr=True, revision="nowhere")
