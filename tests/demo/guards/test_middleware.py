import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hf_lstm.demo.endpoints import MAX_CHARACTERS
from hf_lstm.demo.guards import middleware as request_guard
from hf_lstm.demo.guards import request_checks
from hf_lstm.demo.guards.middleware import BODY_TIMEOUT_S, MAX_BODY_BYTES, MAX_TEXT_BODY_BYTES, RequestGuard
from hf_lstm.demo.guards.request_checks import MAX_UPLOAD_BYTES, Endpoint

API = "/gradio_api"


async def echo(request: Request) -> Response:
    return Response(await request.body())


ROUTE = Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"])
ENDPOINTS = {
    1: Endpoint("classify", {"text": False}),
    2: Endpoint("explain", {"text": False}),
    3: Endpoint("classify_batch", {"lines": False, "file": True, "column": False}),
}
APP = RequestGuard(Starlette(routes=[ROUTE]), upload_folder=Path("no-such-folder"), endpoints=ENDPOINTS)


def send(method, path, app=APP, **options):
    async def send_one():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send_one())


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_bodies_arrive_as_they_were_sent(chunks):
    async def stream():
        for chunk in chunks:
            yield chunk

    assert send("POST", f"{API}/cancel", content=stream()).content == b"".join(chunks)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/config", "/assets/a.js", "/static/img/a.svg", "/theme.css"),
        *(f"{API}/{path}" for path in ("queue/data", "call/classify/1", "call/v2/explain/1", "upload_progress")),
        *(f"{API}/{path}" for path in ("heartbeat/abc", "info")),
    ],
)
def test_pages_and_answers_are_read(path):
    assert send("GET", path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["queue/join", "call/classify", "call/explain", "cancel", "reset"],
)
def test_texts_are_sent(path):
    body = {"data": ["a film"], "fn_index": 1, "session_hash": "abc"}
    assert send("POST", f"{API}/{path}", json=body).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", f"{API}/{path}") for path in ("file=/etc/passwd", "file/a", "proxy=http://a.hf.space", "deep_link")),
        *(("GET", f"{API}/{path}") for path in ("upload", "stream/a/b/c/playlist.m3u8", "runs", "vibe-code")),
        *(("GET", path) for path in ("/monitoring", "/monitoring/summary", f"{API}/file=a%0Ab", f"{API}/dev/reload")),
        *(("POST", f"{API}/{path}") for path in ("run/predict", "run/classify", "api/classify", "component_server")),
        *(
            ("POST", path)
            for path in ("/", "/login", f"{API}/vibe-edit", f"{API}/process_recording", f"{API}/call/other")
        ),
        *(("GET", f"{API}/{path}") for path in ("openapi.json", "token", "user", "login_check", "call/other/1")),
        *(("GET", path) for path in ("/logout", "/login", "/pwa_icon")),
        *(("PUT", "/"), ("DELETE", f"{API}/queue/join")),
    ],
)
def test_nothing_else_is_there(method, path):
    response = send(method, path)
    assert (response.status_code, response.json()) == (404, {"detail": "There is nothing here."})


def test_bodies_have_a_greatest_size():
    assert send("POST", f"{API}/cancel", content=b"x" * MAX_BODY_BYTES).status_code == 200
    assert send("POST", f"{API}/queue/join", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413


@pytest.mark.parametrize("path", ["call/classify", "queue/join"])
def test_one_text_has_room_for_its_characters_and_no_more(path):
    def ask(num_bytes):
        body = {"data": [""], "fn_index": 1}
        body["data"] = ["x" * (num_bytes - len(json.dumps(body, separators=(",", ":"))))]
        return send("POST", f"{API}/{path}", json=body).status_code

    assert (ask(MAX_TEXT_BODY_BYTES), ask(MAX_TEXT_BODY_BYTES + 1)) == (200, 413)
    assert len(json.dumps("\U0001f600" * MAX_CHARACTERS)) < MAX_TEXT_BODY_BYTES


@pytest.mark.parametrize("pause_s", [0.05, 60])
def test_slow_bodies_are_refused_within_a_second(pause_s):
    async def stream():
        while True:
            yield b"x"
            await asyncio.sleep(pause_s)

    started = time.monotonic()
    assert send("POST", f"{API}/queue/join", content=stream()).status_code == 408
    assert BODY_TIMEOUT_S - 0.1 <= time.monotonic() - started < 300  # on a machine that is busy, too
    assert BODY_TIMEOUT_S < 1


@pytest.fixture
def upload_app(tmp_path):
    return RequestGuard(Starlette(routes=[ROUTE]), upload_folder=tmp_path, endpoints=ENDPOINTS)


def test_uploads_may_take_the_time_of_a_slow_phone(upload_app, monkeypatch):
    assert 1.5 * request_guard.MIN_BYTES_PER_S < 130_000
    monkeypatch.setattr(request_guard, "MIN_BYTES_PER_S", 6_500)  # so that a busy machine may wake late from its pauses
    content = b"x" * 200_000
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'

    async def stream():
        yield head
        for start in range(0, len(content), 20_000):
            await asyncio.sleep(0.15)  # 130 kB a second
            yield content[start : start + 20_000]
        yield b"\r\n--b--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=b"}
    response = send("POST", f"{API}/upload", app=upload_app, content=stream(), headers=headers)
    assert response.content == head + content + b"\r\n--b--\r\n"


def test_uploads_are_checked_before_they_are_passed_on(upload_app):
    def upload(name, content):
        return send("POST", f"{API}/upload", app=upload_app, files={"files": (name, content)}).status_code

    assert upload("a.csv", b"x") == 200
    assert upload("a.html", b"x") == 415
    assert upload("a.csv", b"x" * (MAX_UPLOAD_BYTES + 1)) == 413
    assert upload("a.csv", b"x" * (MAX_BODY_BYTES + 1)) == 413


def test_what_finds_no_room_is_told_to_come_back(upload_app, tmp_path, monkeypatch):
    monkeypatch.setattr(request_checks, "MAX_STORED_UPLOADS", 1)
    (tmp_path / "stored").mkdir()
    response = send("POST", f"{API}/upload", app=upload_app, files={"files": ("a.csv", b"x")})
    assert (response.status_code, response.json()["detail"][:16]) == (503, "The demo is busy")
    monkeypatch.setattr(request_guard, "MAX_BODIES_AT_ONCE", 0)
    assert send("POST", f"{API}/queue/join", app=upload_app, content=b"x").status_code == 503


def test_streams_have_a_greatest_number(monkeypatch):
    monkeypatch.setattr(request_guard, "MAX_STREAMS_AT_ONCE", 0)
    assert send("GET", f"{API}/queue/data").status_code == 503
    assert send("GET", "/config").status_code == 200
