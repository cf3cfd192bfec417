"""What the Hub answers is passed on as it came: but not without end, and not with the token."""

import gzip

import pytest
from huggingface_hub.utils import httpx

from hf_lstm.hub import bodies
from hf_lstm.hub.errors import HubUnavailable

TOKEN = "a+token/of=ours"  # which addresses write in another way
REQUEST = httpx.Request("GET", "http://hub/api/models", headers={"Authorization": f"Bearer {TOKEN}"})


def read(content, status=200, **options):
    return bodies.read_answer(httpx.Response(status, content=content, request=REQUEST, **options), TOKEN)


def test_what_was_read_is_passed_on_with_how_it_was_reached():
    first = httpx.Response(307, request=REQUEST)
    headers = {"Content-Encoding": "gzip", "X-Commit": "1a2b"}
    answer = read(gzip.compress(b"caf\xe9"), 206, headers=headers, history=[first], default_encoding="cp1252")
    assert (answer.status_code, answer.content, answer.text) == (
        206,
        b"caf\xe9",
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    )
    assert (answer.request, answer.history) == (REQUEST, [first])
    assert dict(answer.headers) == {"x-commit": "1a2b", "content-length": "4"}


def test_the_token_is_taken_out_of_body_and_headers():
    quoted = "a%2Btoken%2Fof%3Dours"
    answer = read(f"{TOKEN} {quoted}".encode(), 403, headers={"X-Said": TOKEN})
    assert (answer.content, answer.headers["X-Said"]) == (b"<token> <token>", "<token>")
    assert bodies.find_token(REQUEST) == TOKEN
    for value in ("Bearer short", "Basic a-long-secret", ""):
        assert bodies.find_token(httpx.Request("GET", "http://hub", headers={"Authorization": value})) is None


def test_a_long_refusal_is_cut_and_a_long_answer_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(bodies, "MAX_ANSWER_BYTES", 9)
    monkeypatch.setattr(bodies, "MAX_REFUSAL_BYTES", 3)
    assert read(b"123456789").content == b"123456789"
    assert read(b"123456789", 400).content == b"123"
    with pytest.raises(HubUnavailable, match=r"^hub answers with more than 9 bytes to GET /api/models$") as caught:
        read(b"1234567890")
    assert not caught.value.may_pass
