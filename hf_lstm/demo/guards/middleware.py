"""Guards the demo: refuses needless requests before Gradio sees them."""

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from hf_lstm.api.bodies import BodyTooLargeError, read_body, refuse, replay
from hf_lstm.demo.guards.limits import ClientLimits, name_client
from hf_lstm.demo.guards.request_checks import (
    MAX_UPLOAD_BYTES,
    BodyError,
    Endpoint,
    Refusal,
    check_upload,
    make_room,
    rebuild_body,
)

MAX_BODY_BYTES = MAX_UPLOAD_BYTES + 2 * 1024
"""Of a request: a file and what multipart puts around it, or as much pasted text and the JSON around it."""
MAX_TEXT_BODY_BYTES = 256 * 1024
"""Of a request for one text: each character may take 12 bytes of JSON. What waits in the queue is held in memory."""
BODY_TIMEOUT_S = 0.8
"""A request's body must arrive in this time, so that slow senders hold nothing up..."""
MIN_BYTES_PER_S = 64 * 1024
"""... plus the time for its bytes at this speed, that of a slow phone."""
MAX_BODIES_AT_ONCE = 64
"""Requests whose bodies are held in memory at a time: as many as may be queued."""

MAX_BODIES_PER_CLIENT = 32
MAX_STREAMS_AT_ONCE = 400
"""Open pages and answers under way, at a time; most systems give a process 1,024 connections."""
MAX_STREAMS_PER_CLIENT = 100
MAX_WAITING_BATCHES = 16
"""So that the queue has room for single texts, however many batches wait."""
BUSY = Refusal(503, "The demo is busy; please try again in a minute.")
TOO_LARGE = Refusal(413, "That is too much text; please shorten it.")
TOO_MANY = Refusal(429, "Too many requests came from your address; please wait a moment.")

_API = "/gradio_api"
_UPLOAD = re.compile(rf"{_API}/upload/?")
_ENDPOINT = r"call/(v2/)?(classify|explain|classify_batch)"
_POSTED_TO = re.compile(rf"{_API}/(upload|queue/join|{_ENDPOINT}|reset|cancel)/?")
_STREAMED = re.compile(rf"{_API}/(queue/data|{_ENDPOINT}/\w+|heartbeat/[\w-]+|upload_progress)/?")
_READ = re.compile(
    rf"/|/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json)/?|/(assets|static|svelte)/[^\r\n]+"
    rf"|{_API}/(info|app_id|theme\.css|startup-events)/?"  # Gradio itself reads startup-events as it starts
)
_HOST_HEADERS = (b"x-forwarded-host", b"x-gradio-server")
"""Gradio would build the addresses in its answers from these."""


class RequestGuard:
    """Refuses needless requests, as ASGI middleware.

    Gradio gives every app files, a proxy and more. Here all that is 404. Of uploads, one small table or text file at a
    time is let through, see `check_upload`; no route gives any file back. A body with too many bytes is 413, one that
    arrives too slowly 408, and one that no endpoint takes 422, see `rebuild_body`. While others take all the room, it
    is 503; a client that asks for more than its share gets 429. The page shows the answer's `detail`. Of headers that
    name another host, the one of a Space's own proxy is believed.

    Args:
        app: what comes next.
        upload_folder: where Gradio stores uploads.
        endpoints: what is computed, by `fn_index`.
        count_waiting: tells how many requests to an endpoint wait for their turn, by the endpoint's name; of None, to
            all of them.
        max_waiting: requests to all endpoints that may wait.
    """

    def __init__(
        self,
        app: ASGIApp,
        upload_folder: Path,
        endpoints: Mapping[int, Endpoint],
        count_waiting: Callable[[str | None], int] = lambda name: 0,
        max_waiting: int = MAX_BODIES_AT_ONCE,
    ) -> None:
        self.app = app
        self.upload_folder = upload_folder
        self.endpoints = endpoints
        self.count_waiting = count_waiting
        self.max_waiting = max_waiting
        self._limits = ClientLimits()
        self._num_bodies = 0
        self._num_streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if not _is_needed(scope["method"], path):
                return await refuse(404, "There is nothing here.", scope, receive, send)
            scope = {**scope, "headers": _drop_false_hosts(scope["headers"])}
            if _STREAMED.fullmatch(path):
                return await self._stream(scope, receive, send)
            if scope["method"] == "POST":
                body, refusal = await self._receive_body(scope, path, receive)
                if refusal is not None:
                    return await refuse(*refusal, scope, receive, send)
                receive = replay(body, receive)
        return await self.app(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._limits.hold(name_client(scope), "streams", MAX_STREAMS_PER_CLIENT) as has_place:
            if not has_place or self._num_streams >= MAX_STREAMS_AT_ONCE:
                return await refuse(*(BUSY if has_place else TOO_MANY), scope, receive, send)
            self._num_streams += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self._num_streams -= 1

    async def _receive_body(self, scope: Scope, path: str, receive: Receive) -> tuple[bytes, Refusal | None]:
        """Receive a request's body, and check it.

        Returns the body, and why it is refused; None if it is not.
        """
        client, is_upload = name_client(scope), _UPLOAD.fullmatch(path) is not None
        with self._limits.hold(client, "bodies", MAX_BODIES_PER_CLIENT) as has_place:
            if not has_place:
                return b"", TOO_MANY
            body, refusal = await self._read_whole_body(receive, is_upload)
        if refusal is not None:
            return b"", refusal
        if is_upload:
            headers = dict(scope["headers"])
            refusal = check_upload(headers.get(b"content-type", b"").decode("latin-1"), body)
            if refusal is None and not self._limits.take(client, "upload"):  # only what is stored counts
                refusal = TOO_MANY
            return body, refusal
        try:
            rebuilt, endpoint = rebuild_body(path, body, self.endpoints, self.upload_folder)
        except BodyError as error:
            return b"", Refusal(422, str(error))
        if endpoint is not None and not any(endpoint.takes_file.values()) and len(body) > MAX_TEXT_BODY_BYTES:
            return b"", TOO_LARGE
        return rebuilt, self._refuse_flood(client, endpoint)

    def _refuse_flood(self, client: str, endpoint: Endpoint | None) -> Refusal | None:
        """Return why a request to an endpoint has to wait; None if it has not."""
        if endpoint is None:
            return None
        is_batch = any(endpoint.takes_file.values())
        if not self._limits.take(client, "batch" if is_batch else "short"):
            return TOO_MANY
        if self.count_waiting(None) >= self.max_waiting:  # Gradio would refuse it in its own words
            return BUSY
        return BUSY if is_batch and self.count_waiting(endpoint.api_name) >= MAX_WAITING_BATCHES else None

    async def _read_whole_body(self, receive: Receive, is_upload: bool) -> tuple[bytes, Refusal | None]:
        if self._num_bodies >= MAX_BODIES_AT_ONCE or (is_upload and not make_room(self.upload_folder)):
            return b"", BUSY
        self._num_bodies += 1
        try:
            body = await read_body(receive, MAX_BODY_BYTES, timeout_s=BODY_TIMEOUT_S, min_bytes_per_s=MIN_BYTES_PER_S)
        except asyncio.TimeoutError:
            return b"", Refusal(408, "The text took too long to arrive; please try again.")
        except BodyTooLargeError:
            return b"", TOO_LARGE
        finally:
            self._num_bodies -= 1
        return body, None


def _is_needed(method: str, path: str) -> bool:
    if method in ("GET", "HEAD"):
        return (_READ.fullmatch(path) or _STREAMED.fullmatch(path)) is not None
    return method == "POST" and _POSTED_TO.fullmatch(path) is not None


def _drop_false_hosts(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own_host = os.environ.get("SPACE_HOST", "").encode()
    return [(name, value) for name, value in headers if name not in _HOST_HEADERS or (own_host and value == own_host)]
