"""Tests that one client cannot take what others need."""

import asyncio
import socket
import time
import types

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hf_lstm.demo.endpoints import refuse
from hf_lstm.demo.guards import connections, limits
from hf_lstm.demo.guards import middleware as guard
from hf_lstm.demo.guards.connections import ConnectionWatch
from hf_lstm.demo.guards.limits import ClientLimits, name_client
from hf_lstm.demo.guards.middleware import RequestGuard
from hf_lstm.demo.guards.request_checks import Endpoint

API = "/gradio_api"
ENDPOINTS = {1: Endpoint("classify", {"text": False}), 2: Endpoint("classify_batch", {"lines": False, "file": True})}


async def echo(request: Request) -> Response:
    return Response(await request.body())


@pytest.fixture
def app(tmp_path):
    routes = [Route("/{path:path}", echo, methods=["GET", "POST"])]
    return RequestGuard(Starlette(routes=routes), upload_folder=tmp_path, endpoints=ENDPOINTS)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that stands still, so that a busy machine gives no client more."""
    clock = types.SimpleNamespace(now_s=100.0)
    clock.monotonic = lambda: clock.now_s
    monkeypatch.setattr(limits, "time", clock)
    return clock


def send(app, path, *, client="1.2.3.4", **options):
    async def send_one():
        transport = httpx.ASGITransport(app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://demo") as session:
            return await session.post(f"{API}/{path}", **options)

    return asyncio.run(send_one()).status_code


def ask(app, name, client="1.2.3.4"):
    return send(
        app, f"call/{name}", client=client, json={"data": ["a film"] if name == "classify" else ["a film", None]}
    )


@pytest.mark.parametrize("name", ["classify", "classify_batch"])
def test_a_client_that_asks_too_much_waits_and_nobody_else_does(app, clock, name):
    allowance = limits.ALLOWANCES["batch" if name == "classify_batch" else "short"]
    assert [ask(app, name) for _ in range(allowance.at_once)] == [200] * allowance.at_once
    assert ask(app, name) == 429
    assert ask(app, name, client="1.2.3.5") == 200
    other = "classify" if name == "classify_batch" else "classify_batch"
    assert ask(app, other) == 200
    clock.now_s += 1.001 / allowance.per_s
    assert (ask(app, name), ask(app, name)) == (200, 429)


def test_batches_leave_the_queue_room_for_single_texts(app, monkeypatch):
    app.count_waiting = lambda name: guard.MAX_WAITING_BATCHES if name == "classify_batch" else 0
    assert (ask(app, "classify_batch"), ask(app, "classify")) == (503, 200)


def test_a_full_queue_is_told_of_in_our_words(app):
    app.count_waiting = lambda name: 7 if name is None else 0
    app.max_waiting = 8
    assert ask(app, "classify") == 200
    app.max_waiting = 7
    assert ask(app, "classify") == 503


def test_uploads_of_one_client_leave_room_for_others(app):
    def upload(client):
        return send(app, "upload", client=client, files={"files": ("a.csv", b"x")})

    at_once = limits.ALLOWANCES["upload"].at_once
    assert [upload("1.2.3.4") for _ in range(at_once + 1)] == [200] * at_once + [429]
    assert upload("1.2.3.5") == 200


def test_places_are_given_back():
    held = ClientLimits()
    with held.hold("a", "x", 1) as first, held.hold("a", "x", 1) as second, held.hold("b", "x", 1) as third:
        assert (first, second, third) == (True, False, True)
    with held.hold("a", "x", 1) as again:
        assert again
    assert not held._held


def test_no_more_clients_are_kept_than_that(monkeypatch):
    monkeypatch.setattr(limits, "MAX_CLIENTS", 2)
    kept = ClientLimits()
    for client in "abc":
        assert kept.take(client, "batch")
    assert [client for client, _ in kept._left] == ["b", "c"]


@pytest.mark.parametrize(
    ("is_space", "address", "forwarded", "expected"),
    [
        (False, "1.2.3.4", "5.6.7.8", "1.2.3.4"),  # which anybody may write
        (True, "10.0.0.1", "9.9.9.9, 5.6.7.8", "5.6.7.8"),
        (True, "10.0.0.1", None, "10.0.0.1"),
        (False, "2001:db8::1:2:3:4", None, "2001:db8::/64"),
        (True, "10.0.0.1", "no address", "no address"),
    ],
)
def test_clients_are_told_apart(monkeypatch, is_space, address, forwarded, expected):
    monkeypatch.setenv("SPACE_HOST", "me-demo.hf.space" if is_space else "")
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    assert name_client({"client": (address, 1), "headers": headers}) == expected


def make_watch():
    watch = ConnectionWatch.__new__(ConnectionWatch)
    watch._idle_since_s = {}
    return watch


class Connection:
    def __init__(self, client, is_busy=False):
        self.client = (client, 1)
        self.cycle = types.SimpleNamespace(response_complete=False) if is_busy else None


def test_silent_connections_end_and_busy_ones_stay():
    watch, silent, busy = make_watch(), Connection("a"), Connection("a", is_busy=True)
    assert watch.find_idle([silent, busy], 100.0) == []
    assert watch.find_idle([silent, busy], 100.0 + connections.HEADER_TIMEOUT_S) == [silent]


def test_the_oldest_of_too_many_connections_end():
    watch = make_watch()
    its = [Connection("a") for _ in range(connections.MAX_IDLE_PER_CLIENT)]
    assert watch.find_idle(its, 100.0) == []
    assert watch.find_idle([*its, Connection("a"), Connection("b")], 101.0) == [its[0]]
    many = [Connection(str(index)) for index in range(connections.MAX_IDLE + 2)]
    assert len(make_watch().find_idle(many, 100.0)) == 2


def send_headers_forever(connection):
    while True:
        connection.sendall(b"X-More: 1\r\n")
        time.sleep(0.05)


def test_headers_that_never_end_are_cut_off(monkeypatch):
    import threading

    import uvicorn

    monkeypatch.setattr(connections, "HEADER_TIMEOUT_S", 0.3)
    monkeypatch.setattr(connections, "_INTERVAL_S", 0.05)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=[Route("/{path:path}", echo)]), log_config=None)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    watch = ConnectionWatch(server)
    try:
        with socket.create_connection(listener.getsockname(), timeout=600) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
            with pytest.raises(ConnectionError):
                send_headers_forever(connection)
        monkeypatch.setattr(connections, "HEADER_TIMEOUT_S", 600)  # what a busy machine may take for these headers
        assert httpx.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=600).status_code == 200
    finally:
        watch.stop()
        server.should_exit = True


def test_a_refusal_quotes_as_text():
    error = refuse("column '<img src=//evil.example/a.png>' & more")
    assert error.message == "column '&lt;img src=//evil.example/a.png&gt;' &amp; more"
