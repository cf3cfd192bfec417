"""Answers HEAD as GET, for any ASGI application: load balancers ask so whether a server lives."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadAsGet:
    """Has an application answer HEAD wherever it answers GET; the server sends the headers alone.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. The server's own scope keeps its method, by which it leaves out the body."""
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        await self.app({**scope, "method": "GET"} if is_head else scope, receive, send)
