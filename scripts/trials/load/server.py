"""Runs the demo in its own process, and reads its memory."""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hf_lstm.errors import InputError

CHECKOUT = Path(__file__).resolve().parents[3]
MEMORY_INTERVAL_S = 1.0


@dataclass
class DemoServer:
    """Describes a running demo."""

    address: str
    pid: int
    startup_s: float
    """From the start of the process until it serves."""
    memory_mb: list[float] = field(default_factory=list)
    """Resident memory, taken every `MEMORY_INTERVAL_S`."""

    def read_memory_mb(self) -> float:
        """Read the resident memory of the process now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        match = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        assert match is not None
        return int(match[1]) / 1024


@contextlib.contextmanager
def run_demo(model_id: str) -> Iterator[DemoServer]:
    """Start `space/app.py`, and stop it when the block ends.

    Raises:
        InputError: it does not start; its message follows, or there is no /proc to read its memory from.
    """
    if not Path("/proc/self/status").exists():
        raise InputError("the server's memory is read from /proc, which only Linux has")
    environment = {**os.environ, "MODEL_ID": model_id, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, str(CHECKOUT / "space" / "app.py")]
    started_s = time.monotonic()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        match = re.search(r" at (http\S+)$", process.stdout.readline().strip())
        if match is None:
            raise InputError(f"{command[1]} did not start with MODEL_ID={model_id}")
        server = DemoServer(match[1], process.pid, time.monotonic() - started_s)
        stopped = threading.Event()
        watcher = threading.Thread(target=_watch_memory, args=(server, stopped))
        watcher.start()
        try:
            yield server
        finally:
            stopped.set()
            watcher.join()
            process.terminate()


def _watch_memory(server: DemoServer, stopped: threading.Event) -> None:
    while not stopped.wait(MEMORY_INTERVAL_S):
        server.memory_mb.append(server.read_memory_mb())
