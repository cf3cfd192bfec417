"""Locks what is being written, to tell it from what dead processes left."""

import sys


def try_lock(descriptor: int, *, is_waiting: bool = False) -> bool | None:
    """Lock an open file or folder until it is closed, if only by the death of this process.

    Args:
        descriptor: of the file or folder.
        is_waiting: wait until no other process has it locked.

    Returns:
        Whether it is locked now, or by another process. None where the system has no such locks: then nobody knows.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if is_waiting else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # some network disks
        return None
    return True
