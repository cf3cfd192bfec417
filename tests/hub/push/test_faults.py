"""Pushing against a Hub that fails in every way we know: faults that pass, and faults that stay."""

import pytest
from local_hub import Fault
from model_pushes import PUSH_ENDPOINTS, REPO, expect_silence, push, read_pushed

from hf_lstm.errors import InputError
from hf_lstm.hub import session as hub_session

PASSING_STATUSES = (408, 429, 500, 502, 503, 504)


def test_a_commit_whose_answer_was_lost_is_news(hub, folder, short_waits, caplog):
    hub.inject("commit", Fault("lose_response"))
    assert push(folder).endswith(hub.commits(REPO)[-1])
    assert "nothing changed" not in caplog.text


@pytest.mark.parametrize(
    ("endpoint", "status"),
    [*[(endpoint, 503) for endpoint in PUSH_ENDPOINTS], *[("commit", status) for status in PASSING_STATUSES]],
)
def test_an_error_twice_then_success(hub, folder, short_waits, endpoint, status):
    hub.inject(endpoint, Fault("status", status=status), Fault("status", status=status))
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert len(hub.commits(REPO)) == 2


@pytest.mark.parametrize("kind", ["drop", "drop_mid_request", "drop_mid_body", "lose_response", "stall"])
@pytest.mark.parametrize("endpoint", PUSH_ENDPOINTS)
def test_a_lost_connection_then_success(hub, folder, short_waits, monkeypatch, endpoint, kind):
    """Also where a request took effect although its response was lost: the commit is not made twice."""
    expect_silence(kind, monkeypatch)
    hub.inject(endpoint, Fault(kind))
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert len(hub.commits(REPO)) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(hub, folder, short_waits, status):
    hub.inject("commit", Fault("status", status=status, retry_after="1"))
    push(folder)
    first, second = [request.received_s for request in hub.requests if request.endpoint == "commit"]
    assert second - first >= 1.0
    assert hub.files(REPO) == read_pushed(folder)


@pytest.mark.parametrize("status", [429, 503])
def test_a_permanent_error_ends_within_two_minutes(hub, folder, clock, status):
    hub.inject("commit", Fault("status", status=status), forever=True)
    with pytest.raises(InputError) as caught:
        push(folder, retry_hint="python scripts/train.py --push")
    assert str(caught.value) == (
        "push failed: repository 'me/imdb-lstm' is out of reach: "
        f"127.0.0.1 answers {status} to POST /api/models/me/imdb-lstm/commit/main; "
        "check the network and HF_ENDPOINT, or try again later; to push again: python scripts/train.py --push"
    )
    assert clock.sleeps_s == [1, 2, 4] + [8] * 7
    assert sum(clock.sleeps_s) <= 120
    assert hub.count("commit") == len(clock.sleeps_s) + 1
    assert hub.files(REPO) == {}


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        *[(endpoint, kind) for endpoint in ("create", "lfs-upload", "commit") for kind in ("drop", "stall")],
        ("lfs-upload", "drop_mid_request"),
        ("info", "drop_mid_body"),
        ("info", "stall_mid_body"),
    ],
)
def test_a_permanent_fault_ends(hub, folder, short_patience, monkeypatch, endpoint, kind):
    expect_silence(kind, monkeypatch, timeout_s=1.5)  # other endpoints must answer, as patience is short
    hub.inject(endpoint, Fault(kind), forever=True)
    with pytest.raises(InputError, match=r"^push failed: repository 'me/imdb-lstm' is out of reach: 127\.0\.0\.1"):
        push(folder)
    assert hub.count(endpoint) >= 2


def test_a_slow_upload_that_goes_on_is_no_silence(hub, folder, short_waits, monkeypatch):
    """The time-out is one between bytes, not one of the whole transfer."""
    monkeypatch.setattr(hub_session, "SILENCE_TIMEOUT_S", 2.0)  # less than the whole takes
    (folder / "model.safetensors").write_bytes(bytes(30_000_000))
    hub.upload_pause_s = 0.1
    push(folder)
    assert hub.count("lfs-upload") == 1
    assert hub.files(REPO) == read_pushed(folder)


def test_being_told_to_wait_too_long_ends_at_once(hub, folder, clock):
    hub.inject("create", Fault("status", status=429, retry_after="3600"))
    with pytest.raises(InputError, match="answers 429"):
        push(folder)
    assert clock.sleeps_s == []
    assert hub.count() == 1


def test_nobody_listens(hub, folder, short_patience, monkeypatch):
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"out of reach: 127.0.0.1: .*Connection refused"):
        push(folder)
