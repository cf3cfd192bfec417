"""Refuses requests whose bodies are too large, or arrive too slowly."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from hf_lstm.api.bodies import BodyTooLargeError, read_body, refuse, replay

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
            body = await read_body(receive, MAX_BODY_BYTES, timeout_s=BODY_TIMEOUT_S)
        except asyncio.TimeoutError:
            return await refuse(408, "the body took too long to arrive", scope, receive, send)
        except BodyTooLargeError:
            limit = f"the body has more than {MAX_BODY_BYTES:,} bytes: send fewer texts at a time"
            return await refuse(413, limit, scope, receive, send)
        return await self.app(scope, replay(body, receive), send)
