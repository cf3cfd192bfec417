"""Closes connections to the demo over which no request comes.

The server itself waits without end for the rest of a request's headers, and takes as many connections as the system
gives it.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from hf_lstm.demo.guards.limits import name_network

HEADER_TIMEOUT_S = 10.0
"""Within this time a connection must bring a whole request, without its body."""
MAX_IDLE_PER_CLIENT = 50
"""Connections of one client that bring nothing."""
MAX_IDLE = 300
"""Those of all clients; most systems give a process 1,024."""
_INTERVAL_S = 0.5


class ConnectionWatch:
    """Watches the connections of a server, in a thread of its own, until it is stopped.

    Args:
        server: of uvicorn, which is running.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._idle_since_s: dict[Any, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="connection-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def find_idle(self, connections: Iterable[Any], now_s: float) -> list[Any]:
        """Find the connections to close: those idle for too long, and the oldest where there are too many."""
        idle = [each for each in connections if _is_idle(each)]
        self._idle_since_s = {each: self._idle_since_s.get(each, now_s) for each in idle}
        oldest_first = sorted(idle, key=self._idle_since_s.__getitem__)
        by_client = defaultdict(list)
        for each in oldest_first:
            by_client[name_network((each.client or ("unknown",))[0])].append(each)
        doomed = [each for each in oldest_first if now_s - self._idle_since_s[each] >= HEADER_TIMEOUT_S]
        for its in by_client.values():
            doomed += its[: max(0, len(its) - MAX_IDLE_PER_CLIENT)]
        left = [each for each in oldest_first if each not in set(doomed)]
        return [*dict.fromkeys(doomed), *left[: max(0, len(left) - MAX_IDLE)]]

    def _run(self) -> None:
        while not self._stopped.wait(_INTERVAL_S) and not self._server.should_exit:
            connections = list(self._server.server_state.connections)
            for each in self.find_idle(connections, time.monotonic()):
                each.loop.call_soon_threadsafe(_close, each)


def _is_idle(connection: Any) -> bool:
    """Tell whether a connection has no request under way."""
    cycle = getattr(connection, "cycle", None)
    is_websocket = not hasattr(connection, "cycle")
    return not is_websocket and (cycle is None or cycle.response_complete)


def _close(connection: Any) -> None:
    """Close a connection at once, unless a request has come meanwhile."""
    if _is_idle(connection) and connection.transport is not None:
        connection.transport.abort()
