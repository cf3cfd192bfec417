"""Pauses Python's search for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pausing_collection() -> Iterator[None]:
    """Look for no garbage meanwhile, as where libraries are imported.

    Hundreds of thousands of objects are made then, which all stay. Python would look at them again and again, which is
    a tenth of the time of importing PyTorch. Afterwards they count as old, or it would look at all of them at once. Who
    has switched the collector off, or frozen objects, finds it so.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()  # to the oldest generation
        if was_enabled:
            gc.enable()
