"""Tests what is tried again, for how long, and that the session is left as it was."""

import logging
import threading
import time
from pathlib import Path

import pytest
from fake_clock import FakeClock
from huggingface_hub import HfApi, close_session, hf_hub_download, set_client_factory
from huggingface_hub.utils import _http as http
from huggingface_hub.utils import get_session, httpx
from local_hub import WRITE_TOKEN, Fault

from hf_lstm.errors import InputError
from hf_lstm.hub import session as hub_session
from hf_lstm.hub.errors import HubUnavailable
from hf_lstm.hub.session import call_hub


@pytest.fixture
def clock(monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(hub_session, "time", clock)
    return clock


def test_silence_ends_within_two_minutes():
    """The last attempt may start 70 s after the first failure, which itself took one time-out; it takes another one."""
    assert 2 * hub_session.SILENCE_TIMEOUT_S + hub_session.PUSH_RETRY_FOR_S <= 120


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:10 GMT"}, 10.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:27:00 GMT"}, 0.0),
        ({"ratelimit": '"api";r=0;t=55'}, 55.0),
        ({"ratelimit": '"api";r=3;t=55'}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "Fri, 31 Dec 99999999999 23:59:59 GMT"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_every_form_of_retry_after(clock, headers, expected_s):
    clock.now_s = 1445412480.0  # Wed, 21 Oct 2015 07:28:00 GMT
    assert hub_session._get_retry_after_s(headers) == expected_s


@pytest.fixture
def users_factory():
    """The factory that a user set, whose sessions send a header of their own; `requests` has what they sent."""
    factory, session = http._GLOBAL_CLIENT_FACTORY, get_session()
    http._GLOBAL_CLIENT = None  # not to be closed: other tests go on with it

    def make_client():
        hooks = {"request": [make_client.requests.append]}
        return httpx.Client(headers={"X-User": "it's me"}, event_hooks=hooks, follow_redirects=True, timeout=None)

    make_client.requests = []
    set_client_factory(make_client)
    yield make_client
    set_client_factory(factory)
    http._GLOBAL_CLIENT = session


def test_the_users_own_session_sends_the_requests_within_a_time_out(hub, users_factory):
    hub.add_repo("me/x", files={})
    call_hub(lambda: HfApi().model_info("me/x"))  # for which the client switches time-outs off
    (request,) = users_factory.requests
    assert request.headers["X-User"] == "it's me"
    assert set(request.extensions["timeout"].values()) == {hub_session.SILENCE_TIMEOUT_S}
    HfApi().model_info("me/x")
    assert set(users_factory.requests[1].extensions["timeout"].values()) == {None}


def test_the_users_factory_and_session_are_in_place_again(hub, users_factory):
    session = get_session()
    assert call_hub(lambda: call_hub(get_session)) is not session
    with pytest.raises(ZeroDivisionError):
        call_hub(lambda: 1 / 0)
    assert get_session() is session
    assert not session.is_closed
    close_session()
    assert get_session().headers["X-User"] == "it's me"


def test_nothing_is_patched_on_the_session(hub):
    session = get_session()
    methods = dict(vars(type(session)))
    hub.add_repo("me/x", files={})

    def look_then_ask():
        assert "send" not in vars(session)
        assert dict(vars(type(session))) == methods
        return HfApi().model_info("me/x").id

    assert look_then_ask() == call_hub(look_then_ask) == "me/x"


def test_what_another_thread_has_under_way_goes_on(hub):
    content = bytes(2_000_000)
    hub.add_repo("me/x", files={"large.bin": content})
    with get_session().stream("GET", f"{hub.endpoint}/me/x/resolve/main/large.bin") as response:
        chunks = response.iter_bytes(1000)
        first = next(chunks)
        assert call_hub(lambda: 42) == 42
        assert first + b"".join(chunks) == content


def test_a_session_that_the_client_closes_meanwhile_is_bounded_again(hub):
    def close_then_ask():
        close_session()
        hub.inject("whoami", Fault("status"))
        return HfApi().whoami(token=WRITE_TOKEN)

    with pytest.raises(HubUnavailable, match="answers 503 to GET /api/whoami-v2"):
        call_hub(close_then_ask, retry_for_s=0.0)


def test_threads_take_turns(hub):
    session = get_session()
    running = []

    def act():
        running.append(1)
        time.sleep(0.01)
        assert len(running) == 1
        running.pop()

    threads = [threading.Thread(target=call_hub, args=(act,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not running
    assert get_session() is session


def test_call_hub_says_once_that_it_waits_and_once_that_it_went_on(hub, clock, caplog):
    outcomes = [HubUnavailable("the Hub is busy", retry_after_s=3), *[HubUnavailable("busy")] * 2, 42]

    def act():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert call_hub(act) == 42
    assert clock.sleeps_s == [3, 2, 4]
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "the Hub is busy; trying again for up to 1 min 10 s"),
        (logging.WARNING, "the Hub answers again, at attempt 4"),
    ]


def test_a_failure_deep_in_the_clients_threads_is_found(clock):
    outcomes = [1, 2]

    def act():
        if len(outcomes) > 1:
            try:
                raise HubUnavailable("busy")
            except HubUnavailable as error:
                outcomes.pop()
                raise RuntimeError("Error while uploading 'model.safetensors' to the Hub.") from error
        return outcomes

    assert call_hub(act) == [1]
    assert clock.sleeps_s == [1]


@pytest.mark.parametrize("error", [ValueError("bad"), OSError("disk"), KeyboardInterrupt(), InputError("no")])
def test_other_errors_pass_at_once(clock, error):
    calls = []

    def act():
        calls.append(1)
        raise error

    with pytest.raises(type(error)) as caught:
        call_hub(act)
    assert caught.value is error
    assert len(calls) == 1
    assert clock.sleeps_s == []


def test_the_last_failure_is_raised(clock):
    def act():
        raise HubUnavailable(f"busy at {clock.now_s:.0f}")

    with pytest.raises(HubUnavailable, match="busy at 1063"):
        call_hub(act)
    assert clock.sleeps_s == [1, 2, 4] + [8] * 7


def test_a_download_that_stalls_in_its_body_is_tried_again(hub, monkeypatch, tmp_path):
    monkeypatch.setattr(hub_session, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.3)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    content = bytes(100_000)
    hub.add_repo("me/x", files={"large.bin": content})
    hub.inject("resolve", *[Fault("stall_mid_body")] * 8)
    path = call_hub(lambda: hf_hub_download("me/x", "large.bin", cache_dir=tmp_path))
    assert Path(path).read_bytes() == content
