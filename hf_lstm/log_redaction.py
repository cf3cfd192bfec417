"""Keeps what visitors send out of the demo's log."""

import logging
import traceback

_LOGGERS = ("uvicorn.error", "asyncio", "gradio")


class DropTracebacks(logging.Filter):
    """Says where an error happened, and of which type it is, instead of its traceback and message.

    Messages of errors hold the values that caused them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record, if it is about an error, and keep it."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            where = f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
            record.msg, record.args = f"{type(error).__name__}{where}", ()
            record.exc_info = record.exc_text = None
        return True


def redact_server_logs() -> None:
    """Let the server's loggers tell of errors without what was sent; calling it again changes nothing."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, DropTracebacks) for each in logger.filters):
            logger.addFilter(DropTracebacks())
