"""Runs the application until it is told to end, and answers what has arrived until then."""

import socket

import uvicorn
from fastapi import FastAPI

from hf_lstm.errors import InputError

DEFAULT_PORT = 8000
DRAIN_S = 30
"""How long requests that have arrived may take after SIGTERM."""


def open_socket(host: str, port: int) -> socket.socket:
    """Open the socket to listen on.

    Raises:
        InputError: the port is taken, or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InputError(f"can't serve on {host}, port {port}: {error.strerror}; choose another --port") from None
    listener.listen(2048)
    return listener


def run_server(app: FastAPI, listener: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Then no connection is accepted any more, and what has arrived is answered first.
    """
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=DRAIN_S)
    uvicorn.Server(config).run(sockets=[listener])
