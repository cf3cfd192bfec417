"""The one exception that means "the caller gave something unusable", as opposed to a bug of ours."""


class InputError(ValueError):
    """Raised for bad user input, with one line: what, where, what was expected, what to do.

    Command lines turn it into that line on stderr and exit code 2; library callers may catch it as ``ValueError``.
    """
