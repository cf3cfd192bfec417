"""The memory that processes hold resident, and the most that this one has held."""

import contextlib
import resource
import subprocess
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
        return _read_status_mb(_STATUS, "VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def read_resident_memory_mb(process_id: int) -> float | None:
    """Return the resident memory of a process in MB (10**6 bytes), without that of its children; None if it has ended.

    Raises:
        OSError: this system has neither /proc nor `ps`.
    """
    if _STATUS.exists():
        try:
            return _read_status_mb(Path(f"/proc/{process_id}/status"), "VmRSS")
        except (OSError, KeyError):  # an ended process that nobody has waited for has a status without memory
            return None
    ps = subprocess.run(["ps", "-o", "rss=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return int(ps.stdout) * 1024 / 1e6 if ps.stdout.strip() else None


def _read_status_mb(path: Path, field: str) -> float:
    fields = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return int(fields[field].split()[0]) * 1024 / 1e6
