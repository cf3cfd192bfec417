"""The most memory this process has held resident."""

import contextlib
import resource
import sys
from pathlib import Path

_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak_memory() -> None:
    """Make the peak count from now on, where the system can (Linux); elsewhere it counts from the process's start."""
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text("5")  # proc(5): resets the peak resident set size


def read_peak_memory_mb() -> float:
    """Return the peak resident memory of this process in MB (10**6 bytes), without that of its children."""
    if _STATUS.exists():  # on Linux `ru_maxrss` is never below what the parent held when it started this process
        fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
