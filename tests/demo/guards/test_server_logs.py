import logging

from hf_lstm.demo.guards.server_logs import MAX_RECORDS_PER_MINUTE, DropTracebacks, redact_server_logs


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
    assert "test_server_logs.py, line " in caplog.text
    assert "what was sent" not in caplog.text
    assert "stopping" in caplog.text


def test_a_flood_of_messages_is_cut(caplog):
    logger = logging.getLogger("test of a flood")
    logger.addFilter(DropTracebacks())
    for number in range(1_000):
        logger.error("message %d", number)
    shown = [record.getMessage() for record in caplog.records]
    assert len(shown) <= 2 * MAX_RECORDS_PER_MINUTE  # a new minute may begin
    assert shown[0] == "message 0"
    assert shown[MAX_RECORDS_PER_MINUTE - 1] == "many messages: others of this minute are left out"
