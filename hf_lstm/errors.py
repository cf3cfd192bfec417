"""Defines the exceptions for bad input and for training that diverges, and lists names in their messages."""

from collections.abc import Sequence


class InputError(ValueError):
    """Reports bad user input, in one line.

    The line says what is wrong, where, what was expected and what to do. Commands print it on stderr and exit with code
    2. Callers from Python may catch it as ``ValueError``.
    """


class StorageError(InputError):
    """Reports a disk that is full or fails, in one line with the path and the bytes needed."""


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


def abbreviate(names: Sequence[str]) -> str:
    """List names for a message: at most 20, each at most 40 characters."""
    shown = [name if len(name) <= 40 else f"{name[:37]}..." for name in names[:20]]
    return ", ".join(map(repr, shown)) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
