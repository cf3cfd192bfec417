"""Decides whether progress bars are shown: to people, not to pipes and files."""

import contextlib
import os
import sys
from collections.abc import Iterator


def can_show_bars() -> bool:
    """Return whether somebody looks on: on a terminal that can write a line anew, or in a notebook.

    Who sets `TQDM_DISABLE` wants no bars anywhere.
    """
    if os.environ.get("TQDM_DISABLE"):
        return False
    return is_notebook() or (_is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb")


def is_notebook() -> bool:
    """Return whether the program runs in a notebook, which draws bars of its own."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


@contextlib.contextmanager
def dataset_bars(shown: bool) -> Iterator[None]:
    """Show or hide the bars of `datasets` during a block; a program goes on as before."""
    from datasets import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    were_hidden = are_progress_bars_disabled()
    if were_hidden == shown:
        (enable_progress_bars if shown else disable_progress_bars)()
    try:
        yield
    finally:
        if are_progress_bars_disabled() != were_hidden:
            (disable_progress_bars if were_hidden else enable_progress_bars)()


@contextlib.contextmanager
def hub_bars() -> Iterator[None]:
    """Hide the bars of the Hub's client during a block, unless somebody looks on; a program goes on as before.

    The client shows those of uploads to pipes and files, too.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    is_told = constants.HF_HUB_DISABLE_PROGRESS_BARS is not None  # by the environment, which the client obeys
    hides = not is_told and not can_show_bars() and not are_progress_bars_disabled()
    if hides:
        disable_progress_bars()
    try:
        yield
    finally:
        if hides:
            enable_progress_bars()
