"""The exceptions that are no bug of ours: unusable input, and training that diverged."""


class InputError(ValueError):
    """Raised for bad user input, with one line: what, where, what was expected, what to do.

    Command lines turn it into that line on stderr and exit code 2; library callers may catch it as ``ValueError``.
    """


class DivergenceError(RuntimeError):
    """Raised when the loss or a gradient is no longer finite, or the loss far beyond that of guessing."""
