"""Requests to the Hugging Face Hub that end: time-outs where the client has none, and one bounded retry around all."""

import email.utils
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from huggingface_hub import constants
from huggingface_hub.utils import get_session, httpx, parse_ratelimit_headers  # type: ignore[attr-defined]

from hf_lstm.hub.errors import HubUnavailable, iterate_causes, write_on_one_line

T = TypeVar("T")
logger = logging.getLogger(__name__)

SILENCE_TIMEOUT_S = 20.0
"""A request fails when nothing is sent or received for this long; a slow transfer that goes on does not."""
RETRY_FOR_S = 80.0
"""No attempt starts later than this after the first failure, so a Hub that is down is given up on within 120 s."""
FIRST_DELAY_S = 1.0
MAX_DELAY_S = 8.0

_session_lock = threading.RLock()
_PASSING_STATUSES = (408, 429, 500, 502, 503, 504)
_PASSING_ERRORS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)


def call_hub(action: Callable[[], T], *, retry_for_s: float | None = None) -> T:
    """Return `action()`, called again from its start while the Hub fails in a way that may pass.

    The pauses double from 1 to 8 s, or are what the Hub asks for (`Retry-After`). The action must be safe to repeat:
    a request may have taken effect although its response was lost.

    Args:
        action: what to do with the client.
        retry_for_s: how long after the first failure another attempt may start; by default `RETRY_FOR_S`.

    Raises:
        HubUnavailable: the Hub still fails after that time, or asks to wait for longer.
    """
    retry_for_s = RETRY_FOR_S if retry_for_s is None else retry_for_s
    delay_s, give_up_at_s = FIRST_DELAY_S, None
    while True:
        try:
            with _bounded_session():
                return action()
        except Exception as error:
            failure = _find_passing_failure(error)
            if failure is None:
                raise
            now_s = time.monotonic()
            give_up_at_s = give_up_at_s or now_s + retry_for_s
            wait_s = max(delay_s, failure.retry_after_s or 0)
            if now_s + wait_s > give_up_at_s:
                raise failure from error
            logger.warning("%s; trying again in %.0f s", failure.reason, wait_s)
        time.sleep(wait_s)
        delay_s = min(2 * delay_s, MAX_DELAY_S)


@contextmanager
def _bounded_session() -> Iterator[None]:
    """Give every request of the client a time-out, and let each failure that may pass end the action at once.

    The client has no time-out on most requests. It retries some by itself, without a bound on the time and without
    knowing that a commit whose response was lost did take effect; it never retries others. An exception that it does
    not know gets past all that. The session is changed in place, not replaced, as it may carry the user's proxies or
    certificates; all threads share it, so this is for one action at a time.

    Xet storage is left aside for plain HTTP: `hf_xet` has its own connections and retries, and kept on for more than
    9 minutes where the store was silent or gone. What its chunks save on a model of some megabytes is little.
    """

    def send_or_fail(request: Any, **options: Any) -> Any:
        # In each request, since the client overrules the session's own time-out: `model_info` sets it to None.
        limits = {kind: limit or SILENCE_TIMEOUT_S for kind, limit in request.extensions["timeout"].items()}
        request.extensions = {**request.extensions, "timeout": limits}
        try:
            response = send(request, **options)
        except _PASSING_ERRORS as error:
            raise _describe_transport_error(error) from error
        if response.status_code in _PASSING_STATUSES:
            response.close()
            reason = f"{request.url.host} answers {response.status_code} to {request.method} {request.url.path}"
            raise HubUnavailable(reason, _get_retry_after_s(response.headers))
        return response

    with _session_lock:
        session = get_session()
        send, without_xet = session.send, constants.HF_HUB_DISABLE_XET
        session.send, constants.HF_HUB_DISABLE_XET = send_or_fail, True  # type: ignore[method-assign]
        try:
            yield
        finally:
            session.send, constants.HF_HUB_DISABLE_XET = send, without_xet  # type: ignore[method-assign]


def _find_passing_failure(error: BaseException) -> HubUnavailable | None:
    for cause in iterate_causes(error):  # the client wraps what happens in its upload threads
        if isinstance(cause, HubUnavailable):
            return cause
        if isinstance(cause, _PASSING_ERRORS):  # while the body of a download was read
            return _describe_transport_error(cause)
    return None


def _describe_transport_error(error: Any) -> HubUnavailable:
    if isinstance(error, httpx.TimeoutException):
        return HubUnavailable(f"{error.request.url.host} is silent for {SILENCE_TIMEOUT_S:.0f} s")
    return HubUnavailable(f"{error.request.url.host}: {write_on_one_line(error).rstrip('.')}")


def _get_retry_after_s(headers: Any) -> float | None:
    """Return the seconds to wait that an answer asks for, be it as a number, a date or a rate limit."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    date = email.utils.parsedate_tz(value) if value else None
    if date is not None:
        return max(0.0, email.utils.mktime_tz(date) - time.time())
    limit = parse_ratelimit_headers(headers)
    return float(limit.reset_in_seconds) if limit is not None and limit.remaining == 0 else None
