"""Keeps what visitors send out of the server's logs, and floods of messages, too."""

import logging
import time
import traceback

MAX_RECORDS_PER_MINUTE = 30
"""Of one logger, so that a flood of requests does not fill the disk."""
_LOGGERS = ("uvicorn.error", "asyncio", "gradio")


class DropTracebacks(logging.Filter):
    """Replaces an error's traceback and message in the log.

    It says where the error happened, and of which type it is. Messages of errors hold the values that caused them. Of
    more than `MAX_RECORDS_PER_MINUTE`, the others are left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._minute, self._num_records = 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record of an error, and keep it unless there are too many."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._num_records = minute, 0
        self._num_records += 1
        if self._num_records > MAX_RECORDS_PER_MINUTE:
            return False
        if self._num_records == MAX_RECORDS_PER_MINUTE:
            record.msg, record.args, record.exc_info = "many messages: others of this minute are left out", (), None
            return True
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            where = f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
            record.msg, record.args = f"{type(error).__name__}{where}", ()
            record.exc_info = record.exc_text = None
        return True


def redact_server_logs() -> None:
    """Keep the visitors' texts out of the server's logs.

    Calling it again changes nothing.
    """
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, DropTracebacks) for each in logger.filters):
            logger.addFilter(DropTracebacks())
