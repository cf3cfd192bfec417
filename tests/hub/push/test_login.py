"""Who is logged in, and the repository that a name means."""

import huggingface_hub
import pytest
from local_hub import INVALID_TOKEN, OTHER_TOKEN, READ_TOKEN, WRITE_TOKEN, Fault

from hf_lstm.errors import InputError
from hf_lstm.hub.push import require_login, resolve_repo_id


def test_require_login_returns_the_user(hub, monkeypatch):
    assert require_login(WRITE_TOKEN) == "me"
    monkeypatch.setenv("HF_TOKEN", OTHER_TOKEN)
    assert require_login() == "someone-else"


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (None, r"^not logged in to http://127.0.0.1:\d+: log in with `hf auth login` or set HF_TOKEN$"),
        (INVALID_TOKEN, "^the login to the Hub needs a valid token, and the Hub refuses this one: make one at "),
        (READ_TOKEN, "^the login to the Hub has a token that may only read: make one with write permission at "),
        ("hf_with a blank\nand a line", "^the login to the Hub "),
        ("hf_ключ", "^the login to the Hub "),
    ],
    ids=["none", "invalid", "read-only", "line break", "not ASCII"],
)
def test_require_login_says_what_is_wrong(hub, token, message):
    with pytest.raises(InputError, match=message) as caught:
        require_login(token)
    assert token is None or token not in str(caught.value)
    assert not token or token.removeprefix("hf_") not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hub.count("whoami") <= 1


def test_a_fine_grained_token_may_log_in(hub):
    hub.tokens["hf_fine"] = ("me", "fineGrained")
    assert require_login("hf_fine") == "me"


def test_require_login_survives_a_short_fault_but_does_not_wait_long(hub, clock):
    hub.inject("whoami", Fault("status"), Fault("drop"))
    assert require_login(WRITE_TOKEN) == "me"
    hub.inject("whoami", Fault("status"), forever=True)
    clock.sleeps_s.clear()
    with pytest.raises(InputError, match=r"^the login to the Hub is out of reach: 127\.0\.0\.1 answers 503"):
        require_login(WRITE_TOKEN)
    assert sum(clock.sleeps_s) <= 10


def test_require_login_while_offline(hub, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE"):
        require_login(WRITE_TOKEN)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("wanted", "resolved"),
    [("mine", "me/mine"), ("org/theirs", "org/theirs"), ("a.b-c_d/E.f", "a.b-c_d/E.f")],
)
def test_resolve_repo_id(wanted, resolved):
    assert resolve_repo_id(wanted, "me") == resolved


@pytest.mark.parametrize(
    "wanted", ["", "a/b/c", "org/", "/name", "https://huggingface.co/org/name", "with blank", "-x", "a..b", "x" * 97]
)
def test_ids_that_the_hub_refuses(wanted):
    with pytest.raises(InputError, match="expected NAME or OWNER/NAME") as caught:
        resolve_repo_id(wanted, "me")
    assert "\n" not in str(caught.value)
