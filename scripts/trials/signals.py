"""Lets processes that are tried hear Ctrl-C."""

import signal


def heed_ctrl_c() -> None:
    """Let Ctrl-C end this process, and those that it starts from now on.

    A shell has what it runs aside (`command &`) ignore it, and what ignores it is handed on.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
