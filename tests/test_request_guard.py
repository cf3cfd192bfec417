import asyncio
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hf_lstm.request_guard import BODY_TIMEOUT_S, MAX_BODY_BYTES, RequestGuard

API = "/gradio_api"


async def echo(request: Request) -> Response:
    return Response(await request.body())


APP = RequestGuard(Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"])]))


def send(method, path, **options):
    async def send_one():
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send_one())


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_bodies_arrive_as_they_were_sent(chunks):
    async def stream():
        for chunk in chunks:
            yield chunk

    assert send("POST", f"{API}/queue/join", content=stream()).content == b"".join(chunks)


@pytest.mark.parametrize("path", ["/", "/config", "/assets/a.js", f"{API}/queue/data", f"{API}/call/classify/1"])
def test_pages_and_answers_are_read(path):
    assert send("GET", path).status_code == 200


@pytest.mark.parametrize("path", ["queue/join", "call/classify", "call/v2/classify", "run/predict", "cancel", "reset"])
def test_texts_are_sent(path):
    assert send("POST", f"{API}/{path}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", f"{API}/{path}") for path in ("file=/etc/passwd", "file/a", "proxy=http://a.hf.space", "deep_link")),
        *(("GET", f"{API}/{path}") for path in ("upload_progress", "stream/a/b/c/playlist.m3u8", "runs", "vibe-code")),
        *(("GET", path) for path in ("/monitoring", "/monitoring/summary", f"{API}/file=a%0Ab", f"{API}/dev/reload")),
        *(("POST", f"{API}/{path}") for path in ("upload", "run/classify", "api/classify", "component_server")),
        *(
            ("POST", path)
            for path in ("/", "/login", f"{API}/vibe-edit", f"{API}/process_recording", f"{API}/call/other")
        ),
        *(("PUT", "/"), ("DELETE", f"{API}/queue/join")),
    ],
)
def test_nothing_else_is_there(method, path):
    response = send(method, path)
    assert (response.status_code, response.json()) == (404, {"detail": "There is nothing here."})


def test_bodies_have_a_greatest_size():
    assert send("POST", f"{API}/queue/join", content=b"x" * MAX_BODY_BYTES).status_code == 200
    assert send("POST", f"{API}/queue/join", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413


@pytest.mark.parametrize("pause_s", [0.05, 60])
def test_slow_bodies_are_refused_within_a_second(pause_s):
    async def stream():
        while True:
            yield b"x"
            await asyncio.sleep(pause_s)

    started = time.monotonic()
    assert send("POST", f"{API}/queue/join", content=stream()).status_code == 408
    assert BODY_TIMEOUT_S - 0.1 <= time.monotonic() - started < BODY_TIMEOUT_S + 3  # on a machine that is busy, too
    assert BODY_TIMEOUT_S < 1
