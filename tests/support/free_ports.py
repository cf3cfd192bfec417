"""Finds a port for a process that is yet to start."""

import random
import socket

_PORTS = range(12_000, 28_000)
"""Below those that systems give out by themselves: one of these, somebody else may have got before it is used."""


def find_port() -> int:
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"of 100 ports from {_PORTS.start} to {_PORTS.stop} none is free")
