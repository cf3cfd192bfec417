"""What no retry can help is said at once, without the token."""

import logging

import pytest
from local_hub import INVALID_TOKEN, OTHER_TOKEN, READ_TOKEN, WRITE_TOKEN, Fault
from model_pushes import REPO, expect_silence, push, read_pushed

from hf_lstm.errors import InputError


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (
            INVALID_TOKEN,
            "needs a valid token, and the Hub refuses this one: make one at .*/settings/tokens, and log in",
        ),
        (READ_TOKEN, "does not permit this to your token .*you must use a write token"),
        (OTHER_TOKEN, 'does not permit this to your token .*rights to create or change a repo under "me"'),
        (None, "needs a valid token"),
    ],
    ids=["invalid", "read-only", "someone else's", "none"],
)
def test_no_permission_is_said_at_once(hub, folder, clock, token, message):
    with pytest.raises(InputError, match=f"^push failed: repository 'me/imdb-lstm' {message}"):
        push(folder, token=token)
    assert clock.sleeps_s == []
    assert hub.count("create") == 1
    assert ("model", REPO) not in hub.repos


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413])
@pytest.mark.parametrize("endpoint", ["create", "preupload", "lfs-batch", "lfs-upload", "commit"])
def test_refusals_are_not_retried(hub, folder, endpoint, status):
    hub.inject(endpoint, Fault("status", status=status, message="no such luck"), forever=True)
    if endpoint == "create":
        hub.inject("info", Fault("status", status=404), forever=True)  # the client looks whether the repository exists
    with pytest.raises(InputError, match=r"^push failed: repository 'me/imdb-lstm' ") as caught:
        push(folder, retry_hint="again")
    assert hub.count(endpoint) == 1
    assert str(caught.value).endswith("; to push again: again")


def test_push_to_a_repository_of_an_organization_that_exists_but_may_not_be_created(hub, folder):
    """The client goes on after a refused creation if the repository is there."""
    hub.add_repo(REPO, files={})
    hub.inject("create", Fault("status", status=403))
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)


def test_the_token_is_in_no_log(hub, folder, short_patience, client_log, capfd, monkeypatch):
    expect_silence("stall", monkeypatch)
    client_log.set_level(logging.DEBUG)
    hub.inject("create", Fault("status"), Fault("drop"), Fault("stall"))
    hub.inject("commit", Fault("status"), forever=True)
    with pytest.raises(InputError):
        push(folder)
    shown = client_log.text + "".join(capfd.readouterr())
    assert "trying again" in shown
    assert WRITE_TOKEN not in shown
