"""Bounds what one client of the demo may ask for, so that others find room."""

import ipaddress
import os
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from starlette.types import Scope

MAX_CLIENTS = 10_000
"""Whose requests are counted; those not seen for longest are forgotten."""


class Allowance(NamedTuple):
    """Says how many requests of a kind a client may send."""

    at_once: int
    per_s: float


ALLOWANCES: Mapping[str, Allowance] = {
    "short": Allowance(at_once=40, per_s=15),
    "batch": Allowance(at_once=10, per_s=1),
    "upload": Allowance(at_once=20, per_s=1 / 6),
}
"""By kind. Fifty visitors who share an address ask for 12 answers a second, one in twenty a batch."""


class ClientLimits:
    """Counts the requests of each client."""

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()  # requests, and when it was so
        self._held: Counter[tuple[str, str]] = Counter()

    def take(self, client: str, kind: str) -> bool:
        """Take one request of a kind from what a client has left, and return whether it had any."""
        allowance, now_s = ALLOWANCES[kind], time.monotonic()
        left, then_s = self._left.pop((client, kind), (float(allowance.at_once), now_s))
        left = min(allowance.at_once, left + (now_s - then_s) * allowance.per_s)
        self._left[client, kind] = (left - 1 if left >= 1 else left, now_s)
        if len(self._left) > MAX_CLIENTS:
            self._left.popitem(last=False)
        return left >= 1

    @contextmanager
    def hold(self, client: str, what: str, maximum: int) -> Iterator[bool]:
        """Hold one of the places that a client may hold at a time; whether there was one is given to the block."""
        has_place = self._held[client, what] < maximum
        self._held[client, what] += has_place
        try:
            yield has_place
        finally:
            self._held[client, what] -= has_place
            if not self._held[client, what]:
                del self._held[client, what]


def name_client(scope: Scope) -> str:
    """Return who sent a request: its address, or the network of it for IPv6, of which one client has many.

    On a Space, requests come through the proxy of the Hub, which says for whom in the last `X-Forwarded-For`. Elsewhere
    anybody may have written that header.
    """
    address = (scope.get("client") or ("unknown",))[0]
    if os.environ.get("SPACE_HOST"):
        forwarded = [value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
        if forwarded:
            address = forwarded[-1].decode("latin-1").rpartition(",")[2].strip()
    return name_network(address)


def name_network(address: str) -> str:
    """Return an IPv4 address, or the network of 64 bits of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
