"""ASGI middleware before Gradio: what a demo of one text field does not need is answered here, at once."""

import asyncio
import re

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 256 * 1024
"""Of a request: 20,000 characters, each escaped as a surrogate pair of 12 bytes, and what stands around them."""
BODY_TIMEOUT_S = 0.8
"""A request's body must have arrived in this time, so that slow senders hold nothing up."""

_API = "/gradio_api"
_POSTED_TO = re.compile(rf"{_API}/(queue/join|run/predict|call/(v2/)?classify|reset|cancel)/?")
_NEVER_READ = re.compile(
    rf"({_API}/(file|proxy|stream|upload|deep_link|dev|vibe|profiling|run|custom_component|component_server)|/monitoring).*",
    re.DOTALL,
)


class BodyTooLargeError(Exception):
    """Raised when a request's body has more than `MAX_BODY_BYTES`."""


class RequestGuard:
    """ASGI middleware that refuses what a demo with one text field does not need.

    Gradio gives every app uploads, files, a proxy and more. Here all that is 404, a body of more than `MAX_BODY_BYTES`
    is 413, and one that has not arrived within `BODY_TIMEOUT_S` is 408; the page shows the answer's `detail`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if not _is_needed(scope["method"], path):
                return await _refuse(404, "There is nothing here.", scope, receive, send)
            if scope["method"] == "POST":
                try:
                    body = await asyncio.wait_for(_read_body(receive), BODY_TIMEOUT_S)
                except asyncio.TimeoutError:
                    return await _refuse(
                        408, "The text took too long to arrive; please try again.", scope, receive, send
                    )
                except BodyTooLargeError:
                    return await _refuse(413, "That is too much text; please shorten it.", scope, receive, send)
                receive = _replay(body, receive)
        return await self.app(scope, receive, send)


def _is_needed(method: str, path: str) -> bool:
    if method in ("GET", "HEAD"):
        return not _NEVER_READ.fullmatch(path)
    return method == "POST" and _POSTED_TO.fullmatch(path) is not None


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
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
