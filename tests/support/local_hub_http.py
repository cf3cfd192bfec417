"""How the local Hub answers requests over HTTP/1.1, and the faults that it can put in place of an answer."""

import contextlib
import json
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from local_hub import LocalHub

Endpoint = Literal[
    "whoami", "create", "validate-yaml", "preupload", "lfs-batch", "lfs-upload", "lfs-verify",
    "commit", "info", "tree", "resolve", "branch", "discussions", "variables", "hardware", "unknown",
]  # fmt: skip

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""

_REPO = r"(?P<repo>[^/]+(?:/[^/]+)?)"
_API = rf"/api/(?P<plural>models|datasets|spaces)/{_REPO}"
_WEB = rf"/(?:(?P<plural>datasets|spaces)/)?{_REPO}"
ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate-yaml"),
    ("POST", rf"{_API}/preupload/(?P<revision>[^/]+)", "preupload"),
    ("POST", rf"{_API}/commit/(?P<revision>[^/]+)", "commit"),
    ("GET", rf"{_API}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?", "tree"),
    ("POST", rf"{_API}/branch/(?P<revision>[^/]+)", "branch"),
    ("GET", rf"{_API}/discussions", "discussions"),
    ("GET POST", rf"{_API}/variables", "variables"),
    ("POST", rf"{_API}/hardware", "hardware"),
    ("GET", rf"{_API}(?:/revision/(?P<revision>[^/]+))?", "info"),
    ("POST", rf"{_WEB}\.git/info/lfs/objects/batch", "lfs-batch"),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})", "lfs-upload"),
    ("POST", r"/lfs/(?P<oid>[0-9a-f]{64})/verify", "lfs-verify"),
    ("HEAD GET", rf"{_WEB}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "resolve"),
)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong instead of one answer."""

    kind: Literal[
        "status", "drop", "drop_mid_request", "drop_mid_body", "stall", "stall_mid_body", "lose_response",
        "echo_token", "html", "list", "flip_byte", "cut", "trickle", "other_commit",
    ]  # fmt: skip
    """`status`: an error status. `drop`: the connection closes without an answer. `drop_mid_request`: it closes while
    the client still sends. `drop_mid_body`: it closes in the middle of the answer. `stall`: no answer ever.
    `stall_mid_body`: half an answer, then nothing. `lose_response`: the request takes effect, the answer is lost.
    `echo_token`: an error status that repeats the token. `html`: a page of a proxy. `list`: JSON, but a list.
    `flip_byte`: a byte of the body is changed. `cut`: half an answer, whose headers say so. `trickle`: the body comes a
    byte at a time. `other_commit`: a file that claims to be of another commit."""
    status: int = 503
    retry_after: str | None = None
    message: str = "injected fault"


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    endpoint: Endpoint
    token: str | None
    received_s: float
    """`time.monotonic()` on arrival."""


class HttpError(Exception):
    """An error answer: status, message and the Hub's error code."""

    def __init__(self, status: int, message: str, code: str | None = None, **headers: str) -> None:
        self.status = status
        self.message = message
        self.headers = {"X-Error-Message": message, **headers} | ({"X-Error-Code": code} if code else {})


class HttpHandler(BaseHTTPRequestHandler):
    """One connection: reads requests, logs them, and answers, or fails as a fault says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    fault: Fault | None

    @property
    def hub(self) -> "LocalHub":
        hub: LocalHub = self.server.hub  # type: ignore[attr-defined]
        return hub

    def log_message(self, *args: object) -> None:
        """Be quiet: `hub.requests` is the log."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client went away, as a client with a time-out does
            super().handle()

    def _dispatch(self) -> None:
        url = urlsplit(self.path)
        self.endpoint, self.route = self._match(url.path)
        self.query = parse_qs(url.query)
        self.token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.hub.requests.append(Request(self.command, url.path, self.endpoint, self.token, time.monotonic()))
        self.fault = self.hub.next_fault(self.endpoint)
        kind = self.fault.kind if self.fault else ""
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self._read_body(length // 2 if kind == "drop_mid_request" else length)
        if kind == "stall":
            self.hub.stall()
        if kind in ("drop", "drop_mid_request", "stall"):
            self._disconnect()
            return
        try:
            if self.fault and kind == "status":
                extra = {"Retry-After": self.fault.retry_after} if self.fault.retry_after else {}
                raise HttpError(self.fault.status, self.fault.message, **extra)
            if self.fault and kind == "echo_token":
                raise HttpError(self.fault.status, f"you sent {self.token}, as in ?token={self.token}")
            answer = self._spoil(kind, self.answer())
        except HttpError as error:
            headers = {**error.headers, "Content-Type": "application/json"}
            answer = error.status, headers, json.dumps({"error": error.message}).encode()
        if kind == "lose_response":
            self._disconnect()
            return
        self._send(*answer, is_cut=kind in ("drop_mid_body", "stall_mid_body"))

    def _spoil(self, kind: str, answer: Answer) -> Answer:
        """Spoil an answer as a kind of fault does."""
        status, headers, body = answer
        if kind == "html":
            return 200, {"Content-Type": "text/html"}, b"<html><body>Please sign in to the network</body></html>"
        if kind == "list":
            return 200, {"Content-Type": "application/json"}, b'["what", {"is": "this"}, null]'
        if kind == "flip_byte" and body:
            middle = len(body) // 2
            return status, headers, body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        if kind == "cut":
            size = int(headers.get("Content-Length", len(body))) // 2
            sizes = {name: str(size) for name in ("Content-Length", "X-Linked-Size") if name in headers}
            return status, headers | sizes, body[:size]
        if kind == "other_commit":
            return status, headers | {"X-Repo-Commit": "e" * 40}, body
        return answer

    def answer(self) -> Answer:
        """The answer to `self.endpoint`, from `route`, `query`, `token` and `body`."""
        raise NotImplementedError

    do_GET = do_HEAD = do_POST = do_PUT = _dispatch  # noqa: N815 - the names http.server asks for

    def _match(self, path: str) -> tuple[Endpoint, dict[str, str]]:
        for methods, pattern, endpoint in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and self.command in methods.split():
                return endpoint, {name: unquote(value) for name, value in match.groupdict().items() if value}
        return "unknown", {}

    def _read_body(self, length: int) -> bytes:
        parts = []
        while length:
            parts.append(self.rfile.read(min(length, 1_000_000)))
            if not parts[-1]:
                raise ConnectionError("the client went away")
            length -= len(parts[-1])
            time.sleep(self.hub.upload_pause_s)
        return b"".join(parts)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, *, is_cut: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.fault and self.fault.kind == "trickle" and self.command != "HEAD":
            self.hub.trickle(self.wfile, body)
            return
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if is_cut else body)
        if is_cut:
            if self.fault and self.fault.kind == "stall_mid_body":
                self.hub.stall()
            self._disconnect()

    def _disconnect(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
