"""The short form of scripts/try_faulty_hub.py: a few of its faults."""

import pytest
from huggingface_hub import constants
from local_hub import Fault

from hf_lstm.hub import bodies, session
from trials.faults.hub_faults import Case, list_cases, shorten_waits, try_faults
from trials.faults.small_model import save_small_model


@pytest.fixture
def short_waits(monkeypatch):
    for name in ("SILENCE_TIMEOUT_S", "PUSH_RETRY_FOR_S", "READ_RETRY_FOR_S", "FIRST_DELAY_S", "MAX_DELAY_S"):
        monkeypatch.setattr(session, name, getattr(session, name))  # so that they come back
    monkeypatch.setattr(bodies, "MAX_WAIT_S", bodies.MAX_WAIT_S)
    for name in ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT", "HF_HUB_CACHE"):
        monkeypatch.setattr(constants, name, getattr(constants, name))
    shorten_waits(0.01)
    # None of the faults below is silent or slow: to wait for a busy machine costs nothing.
    monkeypatch.setattr(session, "SILENCE_TIMEOUT_S", 60.0)
    monkeypatch.setattr(bodies, "MAX_WAIT_S", 60.0)
    for name in ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT"):
        monkeypatch.setattr(constants, name, 60)


def test_each_fault_is_survived_or_ends_in_one_line(hub, tmp_path, short_waits):
    model = save_small_model(tmp_path / "small")
    cases = [
        *(Case("download", "resolve", kind, 0, 1) for kind in ("flip_byte", "cut", "drop")),
        *(Case("download", "resolve", kind, 0, None) for kind in ("flip_byte", "html", "list")),
        Case("push", "commit", "lose_response", 0, 1),
        Case("push", "create", "echo_token", 403, None),
        Case("login", "whoami", "status", 503, 1),
    ]
    found = try_faults(hub, Fault, model, tmp_path, cases, share=0.01)
    assert (found["wrong"], found["passing_but_refused"]) == ([], [])
    assert (found["done"], found["refused"]) == (5, 4)


def test_cases_have_names_of_their_own():
    names = [case.name for case in list_cases()]
    assert len(set(names)) == len(names) > 400
