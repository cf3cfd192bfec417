"""Refuses requests whose bodies are too large, or arrive too slowly."""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 8 * 1024 * 1024
BODY_TIMEOUT_S = 20.0


class BodyLimit:
    """Receives each request's body whole before anybody else, as ASGI middleware.

    A body of more than `MAX_BODY_BYTES` is 413, one that takes longer than `BODY_TIMEOUT_S` is 408.

    Args:
        app: what comes next.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body, or refuse it."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            body = await asyncio.wait_for(_read(receive), BODY_TIMEOUT_S)
        except asyncio.TimeoutError:
            return await _refuse(408, "the body took too long to arrive", scope, receive, send)
        if body is None:
            limit = f"the body has more than {MAX_BODY_BYTES:,} bytes: send fewer texts at a time"
            return await _refuse(413, limit, scope, receive, send)
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        return await self.app(scope, replay, send)


async def _read(receive: Receive) -> bytes | None:
    """Read a body; None if it is too large."""
    parts: list[bytes] = []
    num_bytes = 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        num_bytes += len(parts[-1])
        if num_bytes > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def _refuse(status: int, told: str, scope: Scope, receive: Receive, send: Send) -> None:
    response = JSONResponse({"detail": told}, status, headers={"connection": "close"})
    await response(scope, receive, send)
