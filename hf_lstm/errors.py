"""Defines the exceptions for bad input and for training that diverges, and lists names in their messages."""

import math
import re
import reprlib
from collections.abc import Sequence
from typing import Any

MAX_MESSAGE_CHARACTERS = 800
"""Of a message: what a file says may be of any length."""
MAX_NAME_CHARACTERS = 40
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What breaks a line, turns its direction, or steers a terminal."""


class InputError(ValueError):
    """Reports bad user input, in one line.

    The line says what is wrong, where, what was expected and what to do. Commands print it on stderr and exit with code
    2. Callers from Python may catch it as ``ValueError``.

    Whatever is quoted in it, it stays one line of at most `MAX_MESSAGE_CHARACTERS`.
    """

    def __init__(self, message: str = "") -> None:
        message = _cut_middle(_INVISIBLE.sub(lambda found: repr(found[0])[1:-1], _cut_middle(message)))
        super().__init__(message)


class StorageError(InputError):
    """Reports a file that cannot be written, as on a disk that is full, in one line with its path and the reason."""


class NonFiniteError(RuntimeError):
    """Reports a model whose answers are infinite or NaN.

    Its weights are damaged, or training diverged.
    """


class LostProcessError(RuntimeError):
    """Reports that another process of the same training ended, or cannot be reached."""


class DivergenceError(RuntimeError):
    """Reports training that diverges.

    The loss or a gradient is not finite, or the loss is far above that of guessing.
    """


def check_step(step: int, loss: float, grad_norm: float, remedy: str) -> None:
    """Check that a step of training, which is not taken yet, would not spoil the weights.

    Args:
        step: its number.
        loss: the mean of its rows.
        grad_norm: of all gradients together.
        remedy: what to try.

    Raises:
        DivergenceError: one of both is not finite.
    """
    if not (math.isfinite(loss) and math.isfinite(grad_norm)):
        raise DivergenceError(
            f"step {step}: loss {loss:.4g}, gradient norm {grad_norm:.4g}: training diverged; try {remedy}"
        )


def _cut_middle(message: str) -> str:
    """Cut a long message in its middle: its end says what to do."""
    half = MAX_MESSAGE_CHARACTERS // 2 - 3
    return message if len(message) <= MAX_MESSAGE_CHARACTERS else f"{message[:half]} ... {message[-half:]}"


def abbreviate(names: Sequence[str], *, max_names: int = 20) -> str:
    """List names for a message: at most 20, each at most 40 characters."""
    shown = [
        name if len(name) <= MAX_NAME_CHARACTERS else f"{name[: MAX_NAME_CHARACTERS - 3]}..."
        for name in names[:max_names]
    ]
    return ", ".join(map(repr, shown)) + (f" and {len(names) - max_names} more" if len(names) > max_names else "")


def shorten(value: Any, max_characters: int = 200) -> str:
    """Write a value of any kind and size in a few characters; texts and errors as they are."""
    if isinstance(value, BaseException):
        value = str(value) or type(value).__name__
    text = value if isinstance(value, str) else reprlib.repr(value)
    return text if len(text) <= max_characters else f"{text[: max_characters - 3]}..."
