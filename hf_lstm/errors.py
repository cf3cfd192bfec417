"""Defines the exceptions for bad input and for training that diverges."""


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


class DivergenceError(RuntimeError):
    """Reports training that diverges.

    The loss or a gradient is not finite, or the loss is far above that of guessing.
    """
