"""Reads the bodies of requests within limits, for any ASGI middleware."""

import asyncio
import math

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send


class BodyTooLargeError(Exception):
    """Reports a request body with too many bytes."""


async def read_body(receive: Receive, max_bytes: int, *, timeout_s: float, min_bytes_per_s: float = math.inf) -> bytes:
    """Read a request's body whole.

    Args:
        receive: gives it in parts.
        max_bytes: that it may have.
        timeout_s: in which it must arrive.
        min_bytes_per_s: adds to the time what its bytes take at this speed; without it, nothing.

    Raises:
        BodyTooLargeError: it has more bytes.
        asyncio.TimeoutError: it takes longer.
    """
    body = bytearray()
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    while True:
        deadline_s = started_s + timeout_s + len(body) / min_bytes_per_s
        message = await asyncio.wait_for(receive(), deadline_s - loop.time())
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise BodyTooLargeError
        if not message.get("more_body", False):  # if the client has gone, there is none either
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` for a body read before.

    It gives the body first, then what `receive` gives.
    """
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


async def refuse(status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with a status and one line, and close its connection."""
    response = JSONResponse({"detail": detail}, status_code=status, headers={"Connection": "close"})
    await response(scope, receive, send)
