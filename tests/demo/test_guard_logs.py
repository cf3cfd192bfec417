import logging

from hf_lstm.demo.guard import redact_server_logs


def test_errors_are_logged_without_values(caplog):
    redact_server_logs()
    redact_server_logs()
    logger = logging.getLogger("uvicorn.error")
    assert len(logger.filters) == 1
    try:
        raise KeyError("what was sent")
    except KeyError:
        logger.exception("Exception with %s", "what was sent")
    logger.warning("stopping")
    assert "KeyError in" in caplog.text
    assert "test_guard_logs.py, line " in caplog.text
    assert "what was sent" not in caplog.text
    assert "stopping" in caplog.text
