"""Says how much memory is free, so that what is too large is refused before it is read, and how many texts are held."""

import errno
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

WINDOW_TEXTS = 8_192
"""Texts that are held, sorted and batched at a time; beyond them, only oneDNN's cache of kernels grows."""

_BYTES_PER_KB = 1024  # of the kernel's files


def measure_free_bytes() -> int | None:
    """Measure how many bytes this process can still take.

    They are the least of what the machine, the container and the process's own limit leave; None where none of them can
    be asked.
    """
    free = [each() for each in (_measure_machine, _measure_container, _measure_process)]
    return min((each for each in free if each is not None), default=None)


def is_of_memory(error: BaseException) -> bool:
    """Tell whether an error is that of memory which is full, the machine's or an accelerator's.

    PyTorch has a class for accelerators alone; what the CPU's allocator raises is told by its words.
    """
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and "allocate" in str(error)


def _measure_machine() -> int | None:
    kilobytes = _read_field(Path("/proc/meminfo"), "MemAvailable:")
    return None if kilobytes is None else kilobytes * _BYTES_PER_KB


def _measure_container() -> int | None:
    group = Path("/sys/fs/cgroup")
    limit, used = (_read_number(group / name) for name in ("memory.max", "memory.current"))
    if limit is None or used is None:
        return None
    # Files that were read are counted as used, but give way.
    return max(0, limit - used + (_read_field(group / "memory.stat", "inactive_file") or 0))


def _measure_process() -> int | None:
    if sys.platform == "win32":
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    used = _read_field(Path("/proc/self/status"), "VmSize:")
    return None if limit == resource.RLIM_INFINITY or used is None else max(0, limit - used * _BYTES_PER_KB)


def _read_field(path: Path, name: str) -> int | None:
    """Read the number after a name in a file of the kernel; None if it has none."""
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return None


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # there is no such file, or no limit
        return None
