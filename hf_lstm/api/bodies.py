"""Reads the bodies of requests within limits, for any ASGI middleware."""

import asyncio
import math

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

MAX_CHARACTERS = 20_000
"""Of a text; longer ones are refused. The longest review of IMDB has 14,282."""
MAX_DRAINED_BYTES = 64 * 1024 * 1024
"""Of a body that is too large, which are read and forgotten: a connection that is closed before loses its answer."""


class BodyTooLargeError(Exception):
    """Reports a request body with too many bytes."""


async def read_body(receive: Receive, max_bytes: int, *, timeout_s: float, min_bytes_per_s: float = math.inf) -> bytes:
    """Read a request's body whole; of one that is too large, up to `MAX_DRAINED_BYTES`, so that it gets its answer.

    Args:
        receive: gives it in parts.
        max_bytes: that it may have.
        timeout_s: in which it must arrive.
        min_bytes_per_s: adds to the time what its bytes take at this speed; without it, nothing.

    Raises:
        BodyTooLargeError: it has more bytes.
        asyncio.TimeoutError: it takes longer.
    """
    body, num_bytes = bytearray(), 0
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    while True:
        deadline_s = started_s + timeout_s + min(num_bytes, max_bytes) / min_bytes_per_s
        try:
            message = await asyncio.wait_for(receive(), deadline_s - loop.time())
        except asyncio.TimeoutError:
            if num_bytes > max_bytes:
                raise BodyTooLargeError from None
            raise
        part = message.get("body", b"")
        num_bytes += len(part)
        has_more = message.get("more_body", False)  # if the client has gone, there is none either
        if num_bytes <= max_bytes:
            body += part
            if not has_more:
                return bytes(body)
        elif not has_more or num_bytes > MAX_DRAINED_BYTES:
            raise BodyTooLargeError


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
