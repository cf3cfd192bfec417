"""Sends requests to be refused, and times the refusals.

A public demo must refuse them.
"""

import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

NUM_TRIALS = 3
_LARGE_BYTES = 10**7
_API = "gradio_api"


def measure_refusals(address: str) -> dict[str, dict[str, Any]]:
    """Measure the answer's status and time for each kind of request.

    The time is the longest of `NUM_TRIALS`, in seconds.
    """
    large = b"x" * _LARGE_BYTES
    requests: dict[str, Callable[[], int]] = {
        "10 MB of JSON": lambda: _post(address, "call/classify", content=json.dumps({"data": [large.decode()]})),
        "10 MB file": lambda: _post(address, "upload", files={"files": ("a.csv", large)}),
        "file that is no table": lambda: _post(address, "upload", files={"files": ("a.html", b"<b>")}),
        "slow body": lambda: _send_slowly(address),
        "file of the server": lambda: httpx.get(f"{address}{_API}/file=/etc/passwd").status_code,
        "proxy": lambda: httpx.get(f"{address}{_API}/proxy=https://example.org/").status_code,
    }
    refusals = {}
    for name, request in requests.items():
        elapsed_s, statuses = [], set()
        for _ in range(NUM_TRIALS):
            started_s = time.monotonic()
            statuses.add(request())
            elapsed_s.append(time.monotonic() - started_s)
        refusals[name] = {"status": sorted(statuses), "longest_s": round(max(elapsed_s), 3)}
    return refusals


def _post(address: str, path: str, **options: Any) -> int:
    return httpx.post(f"{address}{_API}/{path}", timeout=30, **options).status_code


def _send_slowly(address: str) -> int:
    """Send a body byte by byte, and return the answer's status."""
    parts = urlsplit(address)
    head = (
        f"POST /{_API}/call/classify HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30) as connection:
        connection.sendall(head.encode())
        connection.settimeout(0.05)  # a byte each
        while True:
            try:
                return int(connection.recv(4096).split()[1])
            except TimeoutError:
                connection.sendall(b"x")
