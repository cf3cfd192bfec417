"""Counts the cores that a container may use, so that no more threads are started than can run."""

import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_THREADS = "OMP_NUM_THREADS"


def limit_threads(groups: Path = _GROUPS) -> None:
    """Have libraries that are loaded from now on start as many threads as the container has cores for.

    They count the machine's cores. With a quota of fewer, all threads of a container stop together until its next time
    slice, and hinder one another: with that of one core, `flagship-tiny` predicts half as much in 16 threads as in one,
    and a quarter in 64. A number that the user has set stays.

    Args:
        groups: where the system tells of the container.
    """
    if (allowed := count_allowed_cores(groups)) is not None and allowed < count_cores():
        os.environ.setdefault(_THREADS, str(allowed))


def count_cores() -> int:
    """Count the machine's cores that this process may run on, whatever a quota allows."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_allowed_cores(groups: Path = _GROUPS) -> int | None:
    """Count the cores that a container's quota allows, a part of one as a whole; None without a quota.

    Args:
        groups: where the system tells of the container.

    References: `cpu.max` in https://docs.kernel.org/admin-guide/cgroup-v2.html, `cpu.cfs_quota_us` in
    https://docs.kernel.org/scheduler/sched-bwc.html, which has -1 for none.
    """
    told = _read(groups / "cpu.max") or [
        word for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us") for word in _read(groups / "cpu" / name)
    ]
    try:
        quota, period = map(int, told)  # microseconds of all cores together, in so many of the clock
    except ValueError:  # no such files, or "max"
        return None
    return -(-quota // period) if quota > 0 and period > 0 else None


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []
