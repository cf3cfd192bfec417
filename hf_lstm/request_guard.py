"""ASGI middleware before Gradio: what the demo does not need is answered here, at once."""

import asyncio
import re
from pathlib import Path

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hf_lstm.upload_check import MAX_UPLOAD_BYTES, find_upload_fault, make_room

MAX_BODY_BYTES = 256 * 1024
"""Of a request: 20,000 characters, each escaped as a surrogate pair of 12 bytes, and what stands around them."""
MAX_UPLOAD_BODY_BYTES = MAX_UPLOAD_BYTES + 2 * 1024
"""The file, and what multipart puts around it."""
BODY_TIMEOUT_S = 0.8
"""A request's body must have arrived in this time, so that slow senders hold nothing up..."""
MIN_BYTES_PER_S = 64 * 1024
"""... and the time that its bytes take at this speed, which is that of a slow phone."""
MAX_BODIES_AT_ONCE = 64
"""Requests whose bodies are held in memory at a time: as many as may be queued."""

_API = "/gradio_api"
_UPLOAD = re.compile(rf"{_API}/upload/?")
_POSTED_TO = re.compile(rf"{_API}/(upload|queue/join|call/(v2/)?(classify|explain|classify_batch)|reset|cancel)/?")
_NEVER_READ = re.compile(
    rf"({_API}/(file|proxy|stream|upload(?!_progress)|deep_link|dev|vibe|profiling|run|custom_component"
    r"|component_server)|/monitoring).*",
    re.DOTALL,
)


class BodyTooLargeError(Exception):
    """Raised when a request's body has more bytes than it may."""


class RequestGuard:
    """ASGI middleware that refuses what the demo does not need.

    Gradio gives every app files, a proxy and more. Here all that is 404. Of uploads, one small table or text file at a
    time is let through, see `upload_check`; no route gives any file back. A body with too many bytes is 413, one that
    arrives too slowly 408, and 503 is said while others take all the room; the page shows the answer's `detail`.

    Args:
        app: what comes next.
        upload_folder: where Gradio stores uploads.
    """

    def __init__(self, app: ASGIApp, upload_folder: Path) -> None:
        self.app = app
        self.upload_folder = upload_folder
        self._num_bodies = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if not _is_needed(scope["method"], path):
                return await _refuse(404, "There is nothing here.", scope, receive, send)
            if scope["method"] == "POST":
                body, fault = await self._receive_body(scope, path, receive)
                if fault is not None:
                    return await _refuse(*fault, scope, receive, send)
                receive = _replay(body, receive)
        return await self.app(scope, receive, send)

    async def _receive_body(self, scope: Scope, path: str, receive: Receive) -> tuple[bytes, tuple[int, str] | None]:
        """Return a request's body, and why it is refused, as HTTP status and message; None if it is not."""
        is_upload = _UPLOAD.fullmatch(path) is not None
        if self._num_bodies >= MAX_BODIES_AT_ONCE or (is_upload and not make_room(self.upload_folder)):
            return b"", (503, "The demo is busy; please try again in a minute.")
        self._num_bodies += 1
        try:
            body = await _read_body(receive, MAX_UPLOAD_BODY_BYTES if is_upload else MAX_BODY_BYTES)
        except asyncio.TimeoutError:
            return b"", (408, "The text took too long to arrive; please try again.")
        except BodyTooLargeError:
            return b"", (413, "That is too much text; please shorten it.")
        finally:
            self._num_bodies -= 1
        if is_upload:
            headers = dict(scope["headers"])
            return body, find_upload_fault(headers.get(b"content-type", b"").decode("latin-1"), body)
        return body, None


def _is_needed(method: str, path: str) -> bool:
    if method in ("GET", "HEAD"):
        return not _NEVER_READ.fullmatch(path)
    return method == "POST" and _POSTED_TO.fullmatch(path) is not None


async def _read_body(receive: Receive, max_bytes: int) -> bytes:
    body = bytearray()
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    while True:
        deadline_s = started_s + BODY_TIMEOUT_S + len(body) / MIN_BYTES_PER_S
        message = await asyncio.wait_for(receive(), deadline_s - loop.time())
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise BodyTooLargeError
        if not message.get("more_body", False):  # nor has the message of a client that has gone
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read already, then what `receive` gives."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


async def _refuse(status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    response = JSONResponse({"detail": detail}, status_code=status, headers={"Connection": "close"})
    await response(scope, receive, send)
